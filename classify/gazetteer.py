"""The names of places as they stand in a text: found longest first, and only where they are words of their own.

A short name inside another word (面临安全 holds 临安), a street (温州路), a district of a city elsewhere (南昌市西湖区) and an
anonymised place (A市) are no mention. Which place an ambiguous name means is decided in `classify/places.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import rjieba

from classify.names import Names
from configs.catalog import City, County, Province
from configs.lexicon import PlaceWords

Field = Literal["title", "text"]
Level = Literal["province", "city", "county", "town", "elsewhere", "skip"]

_GOAL = re.compile(r"(?:(?<!过)去过?|前往|赶往|迁往|开往|去往|发往|寄往|飞往|调往|跑到)$")
_WINDOW = 6  # characters on each side that are cut into words to see whether a name is one
_GAP = re.compile(r"(?:省|市|自治区|区|县)?[的 　·,，]?")  # between a place elsewhere and the name that belongs to it
# Ends of a name that is none of ours and stands right before: the name that follows belongs to it.
_FOREIGN = {
    "county": re.compile(
        r"(?:[^\s，。,;；、我本全该贵各你在城都]市|[^\s，。,;；、我本全该贵各]省|自治州|[^\s，。本该各]地区)$"
    ),
    "town": re.compile(
        r"(?:[^\s，。,;；、我本全该贵各你在城都]市|[^\s，。,;；、我本全该贵各]县"
        r"|[^\s，。,;；、我本全该贵各小社园辖片市城新景地山校库厂老郊街特发]区|自治州)$"
    ),
}


@dataclass(frozen=True, slots=True)
class Name:
    """What a name can stand for: codes of its level. `short` names lack 市, 区, 县; `shared` ones exist elsewhere too."""

    level: Level
    codes: tuple[str, ...] = ()
    short: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """A name where it stands (offsets in the field). `city` is the city named right before it, "" if none.

    `goal` marks where somebody goes (得去杭州看病): mostly not where the problem is.
    """

    name: Name
    phrase: str
    field: Field
    start: int
    end: int
    city: str = ""
    goal: bool = False


@dataclass(slots=True)
class Read:
    """What a post names: places of ours in order, and the names that belong to places elsewhere."""

    mentions: list[Mention] = field(default_factory=list)
    foreign: list[Mention] = field(default_factory=list)


class Gazetteer:
    """All names in one look-up; build it once."""

    def __init__(self, provinces: Sequence[Province], words: PlaceWords) -> None:
        self._names = _table(provinces, words)
        self._finder = Names(self._names)
        ends = "|".join(re.escape(end) for end in sorted(words.not_before, key=len, reverse=True))
        self._part_of_more = re.compile(rf"[东南西北中]?(?:{ends})")

    def read(self, title: str, text: str) -> Read:
        """The places that title and text name, in order."""
        found = Read()
        for where, written in (("title", title), ("text", text)):
            self._scan(where, written, found)  # type: ignore[arg-type]
        return found

    def _scan(self, where: Field, text: str, found: Read) -> None:
        away = -1  # end of the last name elsewhere, or that belongs to one
        last: Mention | None = None
        for start, phrase in self._finder.find(text):
            end = start + len(phrase)
            name = self._names[phrase]
            if name.level == "elsewhere":
                away = end
                continue
            if name.level == "skip" or not self._stands_alone(name, text, start, end, last):
                continue
            joined = last is not None and start - last.end <= 1
            if self._is_foreign(name, text, start, away, joined):
                found.foreign.append(Mention(name, phrase, where, start, end))
                away = end
                continue
            city = _city_before(last) if joined and last else ""
            goal = last.goal if joined and last else _GOAL.search(text, max(0, start - 4), start) is not None
            last = Mention(name, phrase, where, start, end, city, goal)
            found.mentions.append(last)

    def _stands_alone(self, name: Name, text: str, start: int, end: int, last: Mention | None) -> bool:
        """Whether the name begins (and a short one also ends) where words do."""
        if name.level == "town" or (last is not None and last.end == start and not name.short):
            return True
        if name.short and self._part_of_more.match(text, end):
            return False
        left = max(0, start - _WINDOW)
        at = left
        for word in rjieba.cut(text[left : end + _WINDOW], False):
            if at == start:
                return not name.short or at + len(word) >= end or _ends_at(text, at, end)
            at += len(word)
            if at > start:
                return False
        return False

    def _is_foreign(self, name: Name, text: str, start: int, away: int, joined: bool) -> bool:
        """Whether a county's or town's name belongs to a place elsewhere that is named right before."""
        if name.level not in ("county", "town") or joined:
            return False
        if 0 <= away <= start and _GAP.fullmatch(text, away, start):
            return True
        return _FOREIGN[name.level].search(text, max(0, start - 4), start) is not None


def _ends_at(text: str, start: int, end: int) -> bool:
    """Whether words of text[start:] end at `end`, as of a name that the dictionary lacks (拱|墅)."""
    at = start
    for word in rjieba.cut(text[start : end + _WINDOW], False):
        at += len(word)
        if at >= end:
            break
    return at == end


def _city_before(last: Mention) -> str:
    if last.name.level == "city":
        return last.name.codes[0]
    return last.city or (
        f"{last.name.codes[0][:4]}00" if len(last.name.codes) == 1 and last.name.level == "county" else ""
    )


def _table(provinces: Sequence[Province], words: PlaceWords) -> dict[str, Name]:
    """Every written name with its meaning; ours win over the lists of exceptions."""
    shared = frozenset(words.shared_counties)
    table = {name: Name("elsewhere") for name in words.elsewhere}
    table |= {name: Name("skip") for name in words.not_places}
    for level, code, name in _entries(provinces):
        known = table.get(name)
        codes = known.codes if known and known.level == level else ()
        if known and known.level in ("province", "city", "county") and known.level != level:
            continue
        short = level != "town" and name[-1] not in "省市区县)）"
        table[name] = Name(level, tuple(dict.fromkeys((*codes, code))), short, name in shared)
    return table


def _entries(provinces: Iterable[Province]) -> Iterator[tuple[Level, str, str]]:
    for province in provinces:
        for name in (province.name, *province.aliases):
            yield "province", province.code, name
        for city in province.cities:
            for name in (city.name, *city.aliases):
                yield "city", city.code, name
    for province in provinces:
        for city in province.cities:
            for county in city.counties:
                yield from _county_entries(city, county)


def _county_entries(city: City, county: County) -> Iterator[tuple[Level, str, str]]:
    for name in (county.name, *county.aliases):
        yield "county", county.code, name
        if "(" in name:
            yield "county", county.code, name.replace("(", "（").replace(")", "）")
    for name in (city.name.removesuffix("市") + county.name, city.name + county.name):
        yield "county", county.code, name
    for town in county.towns:
        yield "town", county.code, town
