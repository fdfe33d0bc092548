"""What may be said of an exception where citizens' texts must not appear: in logs and beside dead letters.

The text of an exception that is not ours can hold whatever was being handled (a KeyError its key, a ValueError the number
that was none), so only the class and the place are told. The text of `MinshengError` is written for people, by us.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

from stream.errors import MinshengError, Unavailable

ROOT = Path(__file__).resolve().parent.parent
SAID = 300  # characters of our own texts
ROOMS = {
    "stream.log_": "log",
    "stream.kafka_": "log",
    "stream.archive_": "archive",
    "stream.elastic_": "archive",
    "alerts.ledger": "ledger",
}


def tell(error: BaseException) -> str:
    """One line: the class, and for our own errors their text, else where it was raised."""
    said = say(error) or raised_at(error)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def say(error: BaseException) -> str:
    """The first line of the text of an error of ours; "" for all others."""
    lines = str(error).splitlines() if isinstance(error, MinshengError) else []
    return lines[0][:SAID] if lines else ""


def raised_at(error: BaseException) -> str:
    """The innermost frame, as "classify/clean.py:41 clean"; "" if it was never raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return _place(frames[-1]) if frames else ""


def trace(error: BaseException) -> str:
    """The traceback, and those of the causes, without source lines or values; the last line tells the error itself."""
    return "\n".join(line for one in _causes(error) for line in (*_frames(one), tell(one)))


def away(error: Unavailable) -> str:
    """Which wall is away: log, archive or ledger; "other" if none of them raised it."""
    room = "other"
    for frame, _ in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        room = next((name for start, name in ROOMS.items() if module.startswith(start)), room)
    return room


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, the origin first."""
    seen: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in seen:
        seen.append(one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return reversed(seen)


def _frames(error: BaseException) -> list[str]:
    return [f"  {_place(frame)}" for frame in traceback.extract_tb(error.__traceback__)]


def _place(frame: traceback.FrameSummary) -> str:
    path = Path(frame.filename)
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else "/".join(path.parts[-2:])
    return f"{name}:{frame.lineno} {frame.name}"
