"""Every written name of a place with what it can stand for: one table of the configured area and the whole country."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from configs.catalog import City, County, Province
from configs.country import Atlas, Division
from configs.lexicon import PlaceWords

Level = Literal["province", "city", "county", "town", "elsewhere", "skip"]
_TINY = 2  # a full name of two characters (和县) must end where a word does, as a short one


@dataclass(frozen=True, slots=True)
class Name:
    """What a name can stand for: codes of its level. `short` names lack 市, 区, 县; `shared` ones exist elsewhere too.

    `behind`: codes of any level that it means only right behind the name of their city or province.
    """

    level: Level
    codes: tuple[str, ...] = ()
    short: bool = False
    shared: bool = False
    behind: tuple[str, ...] = ()


def name_table(provinces: Sequence[Province], country: Sequence[Division], words: PlaceWords) -> dict[str, Name]:
    """Every written name with its meaning; names of places win over the lists of exceptions, higher levels over lower ones."""
    shared, weak = frozenset(words.shared_counties), frozenset(words.only_after_city)
    configured = Atlas(provinces, ()).ours
    others = [one for one in country if one.code not in configured]
    table = {name: Name("elsewhere") for name in words.elsewhere}
    table |= {name: Name("skip") for name in words.not_places}
    for level, code, name in (*_entries(provinces), *_country_entries(others)):
        if name in weak:
            _add_behind(table, name, code)
        else:
            _add(table, level, code, name, name in shared)
    for code, name in (*_behind_entries(provinces), *_behind_country(country, configured)):
        _add_behind(table, name, code)
    return table


def _add(table: dict[str, Name], level: Level, code: str, name: str, shared: bool) -> None:
    known = table.get(name)
    if known and known.codes and known.level != level:
        if level in ("city", "county"):  # the higher level came first: 吉林 is the province, behind it the city
            _add_behind(table, name, code)
        return
    codes = known.codes if known else ()
    behind = known.behind if known else ()
    short = level != "town" and (len(name) <= _TINY or name[-1] not in "省市区县旗州盟)）")
    table[name] = Name(level, tuple(dict.fromkeys((*codes, code))), short, shared, behind)


def _add_behind(table: dict[str, Name], name: str, code: str) -> None:
    known = table.get(name) or Name("county", short=len(name) <= _TINY or name[-1] not in "省市区县旗州盟")
    if known.level not in ("elsewhere", "skip") and code not in (*known.codes, *known.behind):
        table[name] = replace(known, behind=(*known.behind, code))


def _entries(provinces: Iterable[Province]) -> Iterator[tuple[Level, str, str]]:
    """Provinces, cities, counties, towns; the higher first."""
    cities = [city for province in provinces for city in province.cities]
    for province in provinces:
        yield from _written("province", province.code, (province.name, *province.aliases))
    for city in cities:
        yield from _written("city", city.code, (city.name, *city.aliases))
    for city, county in _counties(provinces):
        yield from _written("county", county.code, [name for name in _names(county) if not _rest(city, name)])
    for _, county in _counties(provinces):
        yield from _written("town", county.code, county.towns)


def _behind_entries(provinces: Iterable[Province]) -> Iterator[tuple[str, str]]:
    """Code and name of counties as they stand behind their city: an alias 杭州上城 is 上城 behind 杭州."""
    for city, county in _counties(provinces):
        for name in _names(county):
            if rest := _rest(city, name):
                yield county.code, rest


def _counties(provinces: Iterable[Province]) -> Iterator[tuple[City, County]]:
    for province in provinces:
        for city in province.cities:
            for county in city.counties:
                yield city, county


def _names(one: County) -> tuple[str, ...]:
    return (one.name, *one.aliases)


def _rest(city: City, name: str) -> str:
    """What stands behind the city's name in the name of one of its counties; "" if it does not begin with it."""
    before = next(
        (one for one in (city.name, *city.aliases) if name.startswith(one) and len(name) - len(one) >= _TINY), ""
    )
    return name.removeprefix(before) if before else ""


def _written(level: Level, code: str, names: Iterable[str]) -> Iterator[tuple[Level, str, str]]:
    for name in names:
        yield level, code, name
        if "(" in name:
            yield level, code, name.replace("(", "（").replace(")", "）")


def _behind_country(country: Iterable[Division], configured: Container[str]) -> Iterator[tuple[str, str]]:
    """Behind their city the short names of configured counties count too, also those that are too common to stand alone."""
    for one in country:
        names = (one.behind, *one.aliases) if one.code in configured else (one.behind,)
        yield from ((one.code, name) for name in names if name)


def _country_entries(country: Sequence[Division]) -> Iterator[tuple[Level, str, str]]:
    """A city right under the state (北京市) counts as a city: it has counties and lies in no province."""
    levels = sorted((_level(one), at) for at, one in enumerate(country))
    for rank, at in levels:
        level: Level = ("province", "city", "county")[rank]
        for name in (country[at].name, *country[at].aliases):
            yield level, country[at].code, name


def _level(one: Division) -> int:
    if one.code.endswith("0000"):
        return 1 if one.name.endswith("市") else 0
    return 1 if one.code.endswith("00") else 2
