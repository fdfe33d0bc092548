"""How long to wait before what did not go out is tried again."""

from __future__ import annotations

import hashlib
from datetime import timedelta

LONGEST = 60.0  # minutes


def pause(name: str, attempts: int) -> timedelta:
    """After 1, 2, 4 … 60 minutes and up to a quarter more, taken from the name, so that not all come at once."""
    minutes = min(LONGEST, 2.0 ** min(attempts, 10))
    share = hashlib.sha256(f"{name}:{attempts}".encode()).digest()[0] / 255
    return timedelta(minutes=minutes * (1 + share / 4))
