"""A part of the flow as `minsheng` runs it, but on a clock that chaos can move: python -m app.chaos.part worker judge."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.parts import keep_delivering, work
from app.wire import open_house

CLOCK = "CHAOS_CLOCK"  # names the file with the seconds that the clock is ahead


def moved_clock() -> datetime:
    return datetime.now(UTC) + ahead(Path(os.environ[CLOCK]))


def ahead(path: Path) -> timedelta:
    return timedelta(seconds=float(path.read_text("ascii")))


def main(arguments: list[str]) -> None:
    house = open_house(os.environ, now=moved_clock)
    if arguments[0] == "deliver":
        keep_delivering(house)
    else:
        work(house, arguments[1])


if __name__ == "__main__":
    main(sys.argv[1:])
