"""One address per page: the natural key of a crawled post."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

_TRACKING = re.compile(
    r"utm_.*|spm|scm|gclid|fbclid|msclkid|yclid|bd_vid|bdclkid|share_.*|wxshare.*|isappinstalled|nsukey|jsessionid|phpsessid",
    re.IGNORECASE,
)
_SESSION = re.compile(r";jsessionid=[^/?#;]*", re.IGNORECASE)
_PORTS = {"http": ":80", "https": ":443"}


def normalise(url: str) -> str:
    """The same page always gives the same address: no fragment, no tracking or session parameter, query sorted.

    Scheme and host are lower-cased, a default port is dropped, percent-encoding is made uniform. Idempotent.
    """
    parts = urlsplit(url.strip())
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracking(name)]
    scheme = parts.scheme.lower()
    host = parts.netloc.lower().removesuffix(_PORTS.get(scheme, ""))
    path = _SESSION.sub("", parts.path) or "/"
    return str(canonicalize_url(urlunsplit((scheme, host, path, urlencode(query), ""))))


def is_web(url: str) -> bool:
    """Whether a link can be followed at all (not mailto:, javascript:, file:)."""
    return urlsplit(url).scheme.lower() in ("http", "https")


def site_of(url: str) -> str:
    """Host and port: what is asked one request at a time."""
    return urlsplit(url).netloc.lower()


def _is_tracking(name: str) -> bool:
    return _TRACKING.fullmatch(name) is not None
