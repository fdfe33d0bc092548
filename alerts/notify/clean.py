"""Text from elsewhere made safe for headers and pages: no control characters, no tricks with the writing direction."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# C0 and C1 controls (but tab and line feed), line and paragraph separators, marks that reorder what is displayed.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def clean_text(text: str) -> str:
    """Several lines: line ends become LF, everything else that is not printable goes."""
    return _UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def clean_line(text: str) -> str:
    """One line: runs of white space become one space."""
    return " ".join(clean_text(text).split())


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, the last one an ellipsis if something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def web_link(url: str) -> str:
    """The address if it is plain http(s) with a host, else ""."""
    url = clean_line(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""
