"""Where the problem is: the places that a post names, weighed against each other and the home of its source.

A county is told only when the text says so: a name that several counties bear, a town's name and a name that is found in
other provinces too need a second clue (the city, the county, a neighbour's name, the source's home), else they stay open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from classify.gazetteer import Gazetteer, Mention
from configs.catalog import Province, region_within
from configs.lexicon import PlaceWords, load_lexicon
from stream.messages import Place, Reason

NAMED, NEARBY, AMBIGUOUS = "文中写明的地名", "文中也提到", "同名地方不止一处或缺少佐证, 待人工确认"
HOME, ABROAD = "文中没有写明地点, 按来源所在地", "文中写明的地点不在所辖范围"
_SHOWN = 3  # reasons of one place
_OPEN = 6  # candidates shown with a reason

Found = tuple[Place, tuple[Reason, ...]]


class Places:
    """The gazetteer of the configured provinces; build it once."""

    def __init__(self, provinces: Sequence[Province], words: PlaceWords | None = None) -> None:
        self._gazetteer = Gazetteer(provinces, words or load_lexicon().places)
        self._full = _full_names(provinces)

    def find(self, title: str, text: str, home_region: str = "") -> Found:
        """The place of a post with the reasons; `Place()` when neither the text nor its source tells.

        Of several counties: the first of the title, else the one named most often, else the first.
        """
        read = self._gazetteer.read(title, text)
        mentions = _where_it_is(read.mentions, home_region)
        if not mentions:
            return self._no_name(read.foreign, home_region)
        cities = [one for one in mentions if one.name.level == "city"]
        counties, open_ones = _resolve(mentions, home_region)
        code = _choose(counties, cities)
        if code:
            return self._told(code, counties, cities, open_ones)
        return self._not_told(mentions, open_ones, home_region)

    def _told(self, code: str, counties: _Resolved, cities: Sequence[Mention], open_ones: Sequence[Mention]) -> Found:
        towns = {one.phrase for one, county in counties if county == code and one.name.level == "town"}
        speaking = [one for one, county in counties if county == code]
        speaking += [one for one in cities if region_within(code, one.name.codes[0])]
        others = {county: one for one, county in reversed(counties) if county != code}
        reasons = [_reason(code, one, 2.0, NAMED) for one in _distinct(speaking)[:_SHOWN]]
        if not code.endswith("00"):
            reasons += [_reason(county, one, 0.5, NEARBY) for county, one in others.items()][:_SHOWN]
        left = (
            tuple(c for one in open_ones for c in one.name.codes if region_within(c, code))
            if code.endswith("00")
            else ()
        )
        return self._place(code, "text", towns.pop() if len(towns) == 1 else "", tuple(dict.fromkeys(left))), tuple(
            reasons
        )

    def _not_told(self, mentions: Sequence[Mention], open_ones: Sequence[Mention], home: str) -> Found:
        """No county and no city is sure: the common city of all candidates, the source's home, the province, or none."""
        codes = tuple(dict.fromkeys(code for one in open_ones for code in one.name.codes))
        reasons = _open_reasons(open_ones)
        shared = {f"{code[:4]}00" for code in codes}
        if len(codes) > 1 and len(shared) == 1:
            city = shared.pop()
            reasons = (
                Reason(
                    f"place:{city}",
                    open_ones[0].phrase,
                    open_ones[0].field,
                    open_ones[0].start,
                    open_ones[0].end,
                    2.0,
                    AMBIGUOUS,
                ),
                *reasons,
            )
            return self._place(city, "text", "", codes), reasons
        province = next((one for one in mentions if one.name.level == "province"), None)
        if home in self._full and (province is None or region_within(home, province.name.codes[0])):
            return self._place(home, "source", "", codes), (Reason(f"place:{home}", "", rule=HOME), *reasons)
        if province is None:
            return Place(candidates=codes), reasons
        code = province.name.codes[0]
        return self._place(code, "text", "", codes), (_reason(code, province, 1.0, NAMED), *reasons)

    def _no_name(self, foreign: Sequence[Mention], home: str) -> Found:
        if foreign:
            return Place(), (_reason("", foreign[0], 1.0, ABROAD),)
        if home in self._full:
            return self._place(home, "source"), (Reason(f"place:{home}", "", rule=HOME),)
        return Place(), ()

    def _place(self, code: str, basis: str, town: str = "", candidates: tuple[str, ...] = ()) -> Place:
        province, city, county = self._full[code]
        return Place(code, province, city, county, town, basis, candidates)  # type: ignore[arg-type]


def _where_it_is(mentions: Sequence[Mention], home: str) -> Sequence[Mention]:
    """The mentions without those to which somebody only goes, if there are others or the source has a home to go from."""
    settled = [one for one in mentions if not one.goal]
    has_home = bool(home) and not home.endswith("0000")
    return settled if has_home or any(one.name.level != "province" for one in settled) else mentions


_Resolved = list[tuple[Mention, str]]


def _resolve(mentions: Sequence[Mention], home: str) -> tuple[_Resolved, list[Mention]]:
    """Mentions of counties and towns with the county that each means, in order; and those that stay open."""
    local = [one for one in mentions if one.name.level in ("county", "town")]
    sure = {one.name.codes[0] for one in local if _is_sure(one)}
    cities = {one.name.codes[0] for one in mentions if one.name.level == "city"}
    areas = {one.name.codes[0] for one in mentions if one.name.level == "province"}
    told: _Resolved = []
    left: list[Mention] = []
    for one in local:
        code = one.name.codes[0] if _is_sure(one) else _meant(one, local, sure, cities, areas, home)
        if code:
            told.append((one, code))
        else:
            left.append(one)
    return told, left


def _is_sure(one: Mention) -> bool:
    return one.name.level == "county" and len(one.name.codes) == 1 and not one.name.shared


def _meant(one: Mention, local: Sequence[Mention], sure: set[str], cities: set[str], areas: set[str], home: str) -> str:
    """The one county that a name means by the nearest clue; "" if none decides."""
    codes = one.name.codes
    if one.city:
        return _only(
            code
            for code in codes
            if region_within(code, one.city) and (not sure or code in sure or one.name.level == "county")
        )
    if sure & set(codes) or sure:
        return _only(code for code in codes if code in sure) or _only(code for code in codes if _in_any(code, cities))
    beside = {code for other in local if other.phrase != one.phrase for code in other.name.codes}
    clues = (
        [code for code in codes if _in_any(code, cities)],
        [code for code in codes if not cities and code in beside],
        [code for code in codes if not cities and home and region_within(code, home)],
        [code for code in codes if not cities and _in_any(code, areas)],
    )
    return next((_only(found) for found in clues if found), "")


def _in_any(code: str, regions: Iterable[str]) -> bool:
    return any(region_within(code, region) for region in regions)


def _only(codes: Iterable[str]) -> str:
    found = list(codes)
    return found[0] if len(found) == 1 else ""


def _choose(counties: _Resolved, cities: Sequence[Mention]) -> str:
    """The county or city that the post is about, "" if none is told."""
    titled = [code for one, code in counties if one.field == "title"]
    if titled:
        return titled[0]
    named = [one.name.codes[0] for one in cities]
    head = next((one.name.codes[0] for one in cities if one.field == "title"), "")
    codes = [code for _, code in counties if not head or region_within(code, head)]
    if not codes:
        return head or (_most(named) if named else "")
    county, times = Counter(codes).most_common(1)[0]
    rival = _most([city for city in named if not region_within(county, city)])
    return rival if rival and not head and named.count(rival) > times else county


def _most(codes: Sequence[str]) -> str:
    """The most frequent, the first of equals; "" if there is none."""
    return Counter(codes).most_common(1)[0][0] if codes else ""


def _distinct(mentions: Iterable[Mention]) -> list[Mention]:
    return list({one.phrase: one for one in reversed(list(mentions))}.values())[::-1]


def _reason(code: str, one: Mention, weight: float, rule: str) -> Reason:
    return Reason(f"place:{code}", one.phrase, one.field, one.start, one.end, weight, rule)


def _open_reasons(open_ones: Sequence[Mention]) -> tuple[Reason, ...]:
    seen = {code: one for one in reversed(open_ones) for code in reversed(one.name.codes)}
    return tuple(_reason(code, one, 0.5, AMBIGUOUS) for code, one in list(seen.items())[::-1][:_OPEN])


def _full_names(provinces: Sequence[Province]) -> Mapping[str, tuple[str, str, str]]:
    """Code -> (province, city, county) names, "" below its level."""
    names: dict[str, tuple[str, str, str]] = {}
    for province in provinces:
        names[province.code] = (province.name, "", "")
        for city in province.cities:
            names[city.code] = (province.name, city.name, "")
            names |= {county.code: (province.name, city.name, county.name) for county in city.counties}
    return names
