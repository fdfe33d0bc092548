"""The week as files that people open: a workbook and a brief."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from reports.week import Week


def write_week(folder: Path, week: Week) -> tuple[Path, Path]:
    """Write 周报_2026-W47_20261116-20261122.xlsx and .docx; returns their paths.

    Each file appears whole or not at all, and takes the place of an earlier one. Raises OSError.
    """
    from reports.docx import write_docx
    from reports.xlsx import write_xlsx

    folder.mkdir(parents=True, exist_ok=True)
    xlsx, docx = (folder / f"周报_{week.name}.{ending}" for ending in ("xlsx", "docx"))
    _write(xlsx, lambda path: write_xlsx(path, week))
    _write(docx, lambda path: write_docx(path, week))
    return xlsx, docx


def _write(path: Path, write: Callable[[Path], None]) -> None:
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
