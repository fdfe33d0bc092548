"""A workbook whose cells are only numbers, dates and texts: nothing that anybody wrote becomes a formula or a link."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from alerts.notify.clean import clean_text
from configs.catalog import SHANGHAI

LINE_HEIGHT = 14.5  # points
A4, A3 = 9, 8  # paper sizes
CELL_LIMIT = 32_000  # Excel takes 32,767 characters
_STARTS_FORMULA = "=+-@\t＝＋－＠"
FONT = "微软雅黑"
HEAD_COLOUR, TITLE_COLOUR, LINE_COLOUR = "#1D5FA8", "#1F2937", "#D5DAE1"


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to a sheet of the same workbook."""

    text: str
    sheet: str


@dataclass(frozen=True, slots=True)
class Rate:
    """A share, 0 to 1, shown in per cent; None: nothing to measure."""

    value: float | None


Cell = str | int | float | datetime | Link | Rate | None


@dataclass(frozen=True, slots=True)
class Column:
    """`width` in Latin characters (a Chinese one takes two). `wrap` breaks long texts into lines."""

    name: str
    width: float
    wrap: bool = False


def safe_text(text: str) -> str:
    """The text as a cell that stays a text, also after a round trip through CSV (OWASP, CSV injection)."""
    text = clean_text(text)[:CELL_LIMIT]
    return f"'{text}" if text.lstrip(" \n　")[:1] in tuple(_STARTS_FORMULA) else text


def width_of(text: str) -> int:
    """How many Latin characters wide the text is."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)


class Book:
    """Rows go to disk as they are written, so each sheet is written from top to bottom."""

    def __init__(self, path: Path) -> None:
        options = {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "constant_memory": True,
            "remove_timezone": True,
        }
        self.workbook = xlsxwriter.Workbook(str(path), options)
        self.workbook.set_properties({"title": "民声周报", "author": "民声"})
        self._formats: dict[str, Format] = {}

    def __enter__(self) -> Book:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.workbook.close()

    def format(self, name: str) -> Format:
        if name not in self._formats:
            self._formats[name] = self.workbook.add_format(_FORMATS[name])
        return self._formats[name]

    def sheet(self, name: str, widths: Sequence[float], *, landscape: bool = True, paper: int = A4) -> Worksheet:
        sheet = self.workbook.add_worksheet(name)
        for number, width in enumerate(widths):
            sheet.set_column(number, number, width)
        sheet.hide_gridlines(2)
        sheet.set_paper(paper)
        if landscape:
            sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        return sheet

    def title(self, sheet: Worksheet, row: int, text: str, name: str = "title") -> int:
        sheet.set_row(row, 26 if name == "title" else 20)
        sheet.write_string(row, 0, safe_text(text), self.format(name))
        return row + 1

    def table(self, sheet: Worksheet, row: int, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> int:
        """Write a header and rows; returns the row after the last."""
        sheet.set_row(row, 20)
        for number, column in enumerate(columns):
            sheet.write_string(row, number, column.name, self.format("head"))
        wrapped = [number for number, column in enumerate(columns) if column.wrap]
        for cells in rows:
            row += 1
            if wrapped:
                lines = max(_lines_of(cells[number], columns[number].width) for number in wrapped)
                sheet.set_row(row, min(400, 4 + LINE_HEIGHT * lines))
            for number, cell in enumerate(cells):
                self.write(sheet, row, number, cell, columns[number].wrap)
        return row + 1

    def write(self, sheet: Worksheet, row: int, column: int, cell: Cell, wrap: bool = False) -> None:
        text_format = self.format("wrap" if wrap else "text")
        if cell is None:
            sheet.write_string(row, column, "—", self.format("none"))
        elif isinstance(cell, Link):
            target = f"internal:'{cell.sheet}'!A1"
            sheet.write_url(row, column, target, self.format("link"), safe_text(cell.text)[:250])
        elif isinstance(cell, Rate):
            self._write_rate(sheet, row, column, cell)
        elif isinstance(cell, datetime):
            sheet.write_datetime(row, column, cell.astimezone(SHANGHAI).replace(tzinfo=None), self.format("time"))
        elif isinstance(cell, str):
            sheet.write_string(row, column, safe_text(cell), text_format)
        else:
            sheet.write_number(row, column, cell, self.format("whole" if float(cell).is_integer() else "decimal"))

    def _write_rate(self, sheet: Worksheet, row: int, column: int, rate: Rate) -> None:
        if rate.value is None:
            sheet.write_string(row, column, "—", self.format("none"))
        else:
            sheet.write_number(row, column, rate.value, self.format("rate"))


def _lines_of(cell: Cell, width: float) -> int:
    """How many lines the text takes in a column of that width."""
    texts = cell.split("\n") if isinstance(cell, str) else [""]
    return sum(max(1, math.ceil(width_of(text) / (width - 2))) for text in texts)


_BASE: dict[str, Any] = {"font_name": FONT, "font_size": 10, "valign": "top"}
_CELL: dict[str, Any] = {**_BASE, "border": 1, "border_color": LINE_COLOUR}
_FORMATS: dict[str, dict[str, Any]] = {
    "title": {**_BASE, "font_size": 16, "bold": True, "font_color": TITLE_COLOUR, "valign": "vcenter"},
    "part": {**_BASE, "font_size": 12, "bold": True, "font_color": HEAD_COLOUR, "valign": "vcenter"},
    "note": {**_BASE, "font_color": "#6B7280"},
    "warn": {**_BASE, "font_color": "#B3261E", "bold": True},
    "head": {
        **_CELL,
        "bold": True,
        "font_color": "#FFFFFF",
        "bg_color": HEAD_COLOUR,
        "valign": "vcenter",
        "align": "center",
    },
    "text": {**_CELL, "align": "left", "indent": 1},
    "wrap": {**_CELL, "text_wrap": True, "align": "left", "indent": 1},
    "none": {**_CELL, "font_color": "#9CA3AF", "align": "center"},
    "link": {**_CELL, "font_color": "#1D5FA8", "underline": 1, "align": "left", "indent": 1},
    "whole": {**_CELL, "num_format": "#,##0"},
    "decimal": {**_CELL, "num_format": "#,##0.0"},
    "rate": {**_CELL, "num_format": "0.0%"},
    "time": {**_CELL, "num_format": "yyyy-mm-dd hh:mm", "align": "left"},
}
