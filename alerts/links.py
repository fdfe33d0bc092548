"""Signed links: who has one may act for one office in one case, for some days, without an account.

A link is `payload.signature`, both base64url: the payload names case, office and when it was made; the signature is an
HMAC-SHA256 under a key made from the installation's secret. A link is good by itself, whatever the books know of it; one
is revoked by its name in the books (alerts/ledger/office_links.py), all by the word of their series: who changes that word
voids every link made before.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import quote

VERSION = 1
LONGEST = 600  # characters; a longer text is no link of ours
SKEW = timedelta(minutes=10)  # that the clocks of two machines may differ


@dataclass(frozen=True, slots=True)
class OfficeLink:
    """What a good link says."""

    case_id: str
    office: str
    made_at: datetime


def name_of(link: OfficeLink) -> str:
    """What the books call a link: 12 hex digits, which open nothing."""
    said = f"{link.case_id} {link.office} {int(link.made_at.timestamp())}"
    return hashlib.sha256(said.encode()).hexdigest()[:12]


class Links:
    """Makes and reads the links of one installation. `days`: how long one is good."""

    def __init__(self, secret: bytes, *, days: int, series: str = "") -> None:
        if not secret:
            raise ValueError("links need a secret")
        self._key = hmac.new(secret, f"office link {VERSION} {series}".encode(), hashlib.sha256).digest()
        self.days = days

    def make(self, case_id: str, office: str, now: datetime) -> str:
        payload = json.dumps(
            [VERSION, case_id, office, int(now.timestamp())], ensure_ascii=False, separators=(",", ":")
        )
        return f"{_text(payload.encode())}.{_text(self._sign(payload.encode()))}"

    def address(self, public_url: str, case_id: str, office: str, now: datetime) -> str:
        """The page of the office, with the link."""
        return f"{public_url.rstrip('/')}/office?link={quote(self.make(case_id, office, now), safe='.')}"

    def read(self, token: str, now: datetime) -> OfficeLink | Literal["bad", "expired"]:
        """What the link says, if it is ours; "expired" only for one that was good once."""
        payload = self._signed(token)
        link = _parsed(payload) if payload is not None else None
        if link is None or link.made_at > now + SKEW:
            return "bad"
        return "expired" if now - link.made_at > timedelta(days=self.days) else link

    def _sign(self, payload: bytes) -> bytes:
        return hmac.new(self._key, payload, hashlib.sha256).digest()

    def _signed(self, token: str) -> bytes | None:
        if len(token) > LONGEST or not token.isascii():
            return None
        first, _, second = token.partition(".")
        try:
            payload, signature = _bytes(first), _bytes(second)
        except (binascii.Error, ValueError):
            return None
        exact = (_text(payload), _text(signature)) == (first, second)  # one text only for each link
        return payload if exact and hmac.compare_digest(signature, self._sign(payload)) else None


def _parsed(payload: bytes) -> OfficeLink | None:
    try:
        version, case_id, office, made = json.loads(payload)
        return OfficeLink(case_id, office, datetime.fromtimestamp(made, UTC)) if version == VERSION else None
    except (ValueError, TypeError, OverflowError):
        return None


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
