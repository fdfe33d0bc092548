"""Which column of a spreadsheet means which field: guessed from the known header names, or as told. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from configs.catalog import Sheet
from stream.errors import MinshengError

LOOKED_AT = 10  # rows that may stand above the header (a title, a unit, a date of export)
_NOISE = re.compile(r"[\s*:：]|[(（\[【][^)）\]】]*[)）\]】]")


@dataclass(frozen=True, slots=True)
class Columns:
    """`places`: field -> index of its column; `headers`: what stands in the header row, by index."""

    places: Mapping[str, int]
    headers: Sequence[str]

    @property
    def mapping(self) -> dict[str, str]:
        """Field -> header name, to be shown."""
        return {field: self.headers[index] for field, index in self.places.items()}

    @property
    def unused(self) -> tuple[str, ...]:
        used = set(self.places.values())
        return tuple(header for index, header in enumerate(self.headers) if header and index not in used)

    def name(self, field: str) -> str:
        return self.headers[self.places[field]] if field in self.places else field


def match_columns(headers: Sequence[str], sheet: Sheet, overrides: Mapping[str, str]) -> Columns:
    """The columns that a header row names; a field that no header means is left out. Overrides win."""
    plain = [plain_header(header) for header in headers]
    places = {
        field: plain.index(plain_header(name)) for field, name in overrides.items() if plain_header(name) in plain
    }
    for field, names in sheet.columns.items():
        if field in places:
            continue
        taken = set(places.values())
        wanted = (plain_header(name) for name in names)
        index = next((plain.index(name) for name in wanted if name in plain and plain.index(name) not in taken), None)
        if index is not None:
            places[field] = index
    return Columns(places, headers)


def is_header(columns: Columns, sheet: Sheet) -> bool:
    """Whether a row is the header: all required fields are there."""
    return all(field in columns.places for field in sheet.required)


def check_overrides(overrides: Mapping[str, str], headers: Sequence[str], sheet: Sheet, file: str) -> None:
    """Raises MinshengError when told a field that does not exist or a column that is not there."""
    for field, name in overrides.items():
        if field not in sheet.columns:
            raise MinshengError(f"{file}: 没有字段 {field}，可指定的是：{'、'.join(sheet.columns)}")
        if plain_header(name) not in map(plain_header, headers):
            raise MinshengError(f"{file}: 没有列“{name}”（指定给 {field}），表头是：{_shown(headers)}")


def no_header(file: str, first_row: Sequence[str], sheet: Sheet) -> MinshengError:
    """What to say when no row is a header: which fields are missing in the row that comes first."""
    found = match_columns(first_row, sheet, {})
    missing = [field for field in sheet.required if field not in found.places]
    names = "；".join(f"{field}（如 {'、'.join(sheet.columns.get(field, ())[:3])}）" for field in missing)
    return MinshengError(
        f"{file}: 前 {LOOKED_AT} 行里没有认得出的表头，缺少 {names}。"
        f"第一行是：{_shown(first_row)}。请用 --map 字段=列名 指定"
    )


def plain_header(header: str) -> str:
    """诉求内容（必填）* and 诉求 内容 are the same header."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", header)).lower()


def _shown(headers: Sequence[str]) -> str:
    return "、".join(header for header in headers if header)[:200] or "（空）"
