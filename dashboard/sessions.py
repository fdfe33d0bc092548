"""Logins that survive a reload of the page: a random token in the browser's cookie, its hash here, in memory, with an end."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

COOKIE = "minsheng_session"


@dataclass(frozen=True, slots=True)
class Session:
    """Who logged in, and when."""

    user: str
    since: datetime


class Sessions:
    """The logins of one dashboard process; its end ends them all. `lasts`: how long a login holds."""

    def __init__(self, lasts: timedelta) -> None:
        self.lasts = lasts
        self._open: dict[str, Session] = {}
        self._lock = Lock()

    def open(self, user: str, now: datetime) -> str:
        """A new token for a user who has just shown the password."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._open = {key: one for key, one in self._open.items() if now - one.since <= self.lasts}
            self._open[_key(token)] = Session(user, now)
        return token

    def find(self, token: str, now: datetime) -> Session | None:
        """None for a token that is unknown, was closed or is too old."""
        with self._lock:
            found = self._open.get(_key(token))
        return found if found and now - found.since <= self.lasts else None

    def close(self, token: str) -> None:
        with self._lock:
            self._open.pop(_key(token), None)


def _key(token: str) -> str:
    """Only hashes are kept: who reads this memory cannot log in with it."""
    return hashlib.sha256(token.encode()).hexdigest()
