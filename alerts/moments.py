"""How a moment is written for people."""

from __future__ import annotations

from datetime import datetime

from configs.catalog import SHANGHAI


def moment(at: datetime) -> str:
    """2026-11-25 14:30, in Shanghai time."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
