"""The week as a workbook with native charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reports import sheets
from reports.cells import Book
from reports.week import Week

SHEETS: Sequence[Callable[[Book, Week], None]] = (
    sheets.overview,
    sheets.trend,
    sheets.hours,
    sheets.areas,
    sheets.regions,
    sheets.sources,
    sheets.words,
    sheets.events,
    sheets.cases,
    sheets.offices,
    sheets.alerts,
    sheets.details,
    sheets.definitions,
)


def write_xlsx(path: Path, week: Week) -> None:
    """Write the workbook. Raises OSError."""
    with Book(path) as book:
        for sheet in SHEETS:
            sheet(book, week)
