"""What an examination says of one thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `advice` is what to do; only with it the finding is a problem."""

    what: str
    advice: str = ""
