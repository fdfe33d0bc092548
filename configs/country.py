"""The divisions of the whole country: configs/country.tsv, and what a division code means beside the configured area."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from configs.errors import ConfigError, Problem

if TYPE_CHECKING:
    from configs.catalog import Province

FILE = Path(__file__).with_name("country.tsv")
_CODE = re.compile(r"\d{6}")
_WIDTH = 4  # columns


@dataclass(frozen=True, slots=True)
class Division:
    """A province, city or county. `behind`: its short name that counts only right behind its city or province, "" if none."""

    code: str
    name: str
    behind: str = ""
    aliases: tuple[str, ...] = ()


Names = tuple[str, str, str]  # province, city, county; "" below the level


class Atlas:
    """Every known division code: its names, and whether it lies in the configured area.

    Where a code is configured and in the country's list too, the configured names hold.
    """

    def __init__(self, provinces: Sequence[Province], country: Sequence[Division]) -> None:
        self._leaves = _leaves(provinces)
        self.ours: Mapping[str, Names] = _configured(provinces)
        self.names: Mapping[str, Names] = {**_listed(country), **self.ours}

    def is_ours(self, code: str) -> bool:
        """Whether the division is configured, or lies in one whose parts are not listed; all are if none is configured."""
        known = code in self.ours or f"{code[:4]}00" in self._leaves or f"{code[:2]}0000" in self._leaves
        return known or not self.ours

    def full_name(self, code: str) -> str:
        """As people write it: 南京市鼓楼区, 北京市朝阳区, 仙桃市, 江苏省; "" if unknown."""
        province, city, county = self.names.get(code, ("", "", ""))
        return f"{city}{county}" or province


@cache
def load_country(path: Path = FILE) -> tuple[Division, ...]:
    """Raises ConfigError with every line that is wrong, or if the file cannot be read."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Problem(str(path), 0, "", "", f"读不出来: {error}", "检查文件和权限，须是 UTF-8")]) from None
    rows = [(at, line.split("\t")) for at, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    problems = [
        Problem(str(path), at, field, value, reason, todo) for at, field, value, reason, todo in _problems(rows)
    ]
    if problems:
        raise ConfigError(problems)
    return tuple(_division(*cells) for _, cells in rows)


def _division(code: str, name: str, behind: str = "", aliases: str = "") -> Division:
    return Division(code.strip(), name.strip(), behind.strip(), tuple(aliases.split()))


def _problems(rows: Iterable[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, str, str, str, str]]:
    """Line, field, value, reason, what to do."""
    seen: dict[str, int] = {}
    for at, cells in rows:
        code = cells[0].strip()
        if not 2 <= len(cells) <= _WIDTH:
            yield at, "", "", f"有 {len(cells)} 列", "每行 2 至 4 列: 代码、全称、简称、别名，用制表符分开"
        elif not _CODE.fullmatch(code):
            yield at, "code", code, "不是六位区划代码", "核对 GB/T 2260 代码"
        elif len(cells[1].strip()) < 2:  # one character would be found everywhere
            yield at, "name", cells[1].strip(), "全称至少两个字", "写上全称"
        elif code in seen:
            yield at, "code", code, f"与第 {seen[code]} 行重复", "删去其中一行"
        seen.setdefault(code, at)


def _configured(provinces: Sequence[Province]) -> dict[str, Names]:
    names: dict[str, Names] = {}
    for province in provinces:
        names[province.code] = (province.name, "", "")
        for city in province.cities:
            names[city.code] = (province.name, city.name, "")
            names |= {county.code: (province.name, city.name, county.name) for county in city.counties}
    return names


def _listed(country: Sequence[Division]) -> dict[str, Names]:
    """Counties right under a province stand without a city (仙桃市); those of 北京 and its like under it as their city."""
    own = {one.code: one.name for one in country}
    names: dict[str, Names] = {}
    for one in country:
        top = own.get(f"{one.code[:2]}0000", "")
        middle = own.get(f"{one.code[:4]}00", "") or (top if top.endswith("市") else "")
        if one.code.endswith("0000"):
            names[one.code] = (one.name, "", "")
        elif one.code.endswith("00"):
            names[one.code] = (top, one.name, "")
        else:
            names[one.code] = (top, middle, one.name)
    return names


def _leaves(provinces: Sequence[Province]) -> frozenset[str]:
    """Codes of configured divisions whose parts are not listed."""
    cities = {city.code for province in provinces for city in province.cities if not city.counties}
    return frozenset({province.code for province in provinces if not province.cities} | cities)
