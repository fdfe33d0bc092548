"""Where the problem is: the places that a post names, weighed against each other and the home of its source.

A county is told only when the text says so: a name that several counties bear, a town's name and a name that is found in
other provinces too need a second clue (the city, the county, a neighbour's name, the source's home), else they stay open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from classify.gazetteer import Gazetteer, Mention
from configs.catalog import Province, region_within
from configs.country import Atlas, Division, load_country
from configs.lexicon import PlaceWords, load_lexicon
from stream.messages import Place, Reason

NAMED, NEARBY, AMBIGUOUS = "文中写明的地名", "文中也提到", "同名地方不止一处或缺少佐证，待人工确认"
HOME, ABROAD = "文中没有写明地点，按来源所在地", "文中写明的地点不在所辖范围"
ACCOUNT, ORIGIN = "文中没有写明地点，按账号属地", "文中只说到来处或去处，待人工确认"
DESPITE = "文中只提到别处一次，仍按来源所在地，待人工确认"
_SHOWN = 3  # reasons of one place
_OPEN = 6  # candidates shown with a reason
_SURE_ABROAD = 3  # mentions of a province outside the area, the title counting one more, that outweigh a home within it
_COUNTY_WEIGHS = 2

Found = tuple[Place, tuple[Reason, ...]]
Resolved = list[tuple[Mention, str]]


@dataclass(frozen=True, slots=True)
class Home:
    """Where the source, else the writer's account, is at home; "" if unknown."""

    code: str = ""
    rule: str = HOME


@dataclass(slots=True)
class Side:
    """What a text names on one side of the border of the configured area."""

    counties: Resolved = field(default_factory=list)
    cities: list[Mention] = field(default_factory=list)
    provinces: list[Mention] = field(default_factory=list)

    def mentions(self) -> list[Mention]:
        return [*(one for one, _ in self.counties), *self.cities, *self.provinces]


class Places:
    """The gazetteer of the configured provinces and of the whole country; build it once.

    Args:
        country: the divisions of the whole country; the shipped list if not given.
    """

    def __init__(
        self,
        provinces: Sequence[Province],
        words: PlaceWords | None = None,
        country: Sequence[Division] | None = None,
    ) -> None:
        known = load_country() if country is None else country
        self._gazetteer = Gazetteer(provinces, known, words or load_lexicon().places)
        self._atlas = Atlas(provinces, known)
        self._homes: dict[Home, Found] = {}

    def find(self, title: str, text: str, home_region: str = "") -> Found:
        """The place of a post with the reasons; `Place()` when neither the text nor its source tells.

        Of several counties: the first of the title, else the one named most often, else the first.
        """
        read = self._gazetteer.read(title, text)
        home = self._home(home_region, read.account)
        if not read.mentions:
            return self._no_name(read.foreign, (), home)
        mentions = _where_it_is([self._registered(one) for one in read.mentions], home.code)
        if not mentions:
            return self._no_name(read.foreign, read.mentions, home)
        told, left = _resolve(mentions, home.code)
        near, far = self._sides(mentions, told)
        if far.mentions():
            if _is_abroad(near, far, left, home.code):
                return self._abroad(far, left)
            if not near.mentions() and not left:
                return self._home_despite(far, home)
        return self._ours(near, far, left, home, read.mentions)

    def _home(self, region: str, account: str) -> Home:
        if region in self._atlas.names:
            return Home(region)
        return Home(account, ACCOUNT) if account else Home()

    def _registered(self, one: Mention) -> Mention:
        """A firm registered in the area is taken to be here, one registered elsewhere only comes from there."""
        if one.passing != "firm":
            return one
        return replace(one, passing="" if self._atlas.is_ours(one.name.codes[0]) else "origin")

    def _sides(self, mentions: Sequence[Mention], told: Resolved) -> tuple[Side, Side]:
        near, far = Side(), Side()
        for one, code in told:
            (near if self._atlas.is_ours(code) else far).counties.append((one, code))
        for one in mentions:
            if one.name.level in ("city", "province"):
                side = near if self._atlas.is_ours(one.name.codes[0]) else far
                (side.cities if one.name.level == "city" else side.provinces).append(one)
        return near, far

    def _ours(self, near: Side, far: Side, left: Sequence[Mention], home: Home, mentions: Sequence[Mention]) -> Found:
        code = _choose(near.counties, near.cities)
        if not code:
            return self._not_told(near, left, home)
        passing = [(one, one.name.codes[0]) for one in mentions if one.passing and _is_sure(one)]
        others = {at: one for one, at in reversed([*near.counties, *far.counties, *passing]) if at != code}
        reasons = self._speaking(code, near, NAMED)
        if not code.endswith("00"):
            reasons += [_reason(county, one, 0.5, NEARBY) for county, one in others.items()][:_SHOWN]
        return self._place(code, "text", _town(code, near), _inside(code, left)), tuple(reasons)

    def _abroad(self, far: Side, left: Sequence[Mention]) -> Found:
        code = _choose(far.counties, far.cities) or _most([one.name.codes[0] for one in far.provinces])
        return self._place(code, "text", "", _inside(code, left)), tuple(self._speaking(code, far, ABROAD))

    def _speaking(self, code: str, side: Side, rule: str) -> list[Reason]:
        speaking = [one for one, county in side.counties if county == code]
        speaking += [one for one in (*side.cities, *side.provinces) if region_within(code, one.name.codes[0])]
        return [_reason(code, one, 2.0, rule) for one in _distinct(speaking)[:_SHOWN]]

    def _not_told(self, near: Side, left: Sequence[Mention], home: Home) -> Found:
        """No county and no city is sure: the common city of all candidates, the source's home, the province, or none."""
        codes = tuple(dict.fromkeys(code for one in left for code in one.name.codes))
        reasons = _open_reasons(left)
        shared = self._common_city(codes)
        if shared:
            return self._place(shared, "text", "", codes), (_reason(shared, left[0], 2.0, AMBIGUOUS), *reasons)
        province = near.provinces[0] if near.provinces else None
        outside = bool(codes) and not any(self._atlas.is_ours(code) for code in codes)
        if home.code and not outside and (province is None or region_within(home.code, province.name.codes[0])):
            return self._place(home.code, "source", "", codes), (
                Reason(f"place:{home.code}", "", rule=home.rule),
                *reasons,
            )
        if province is None:
            return Place(candidates=codes), reasons
        code = province.name.codes[0]
        return self._place(code, "text", "", codes), (_reason(code, province, 1.0, NAMED), *reasons)

    def _common_city(self, codes: Sequence[str]) -> str:
        """The city of all candidates, of two at least; "" if they have none in common."""
        cities = {f"{code[:4]}00" for code in codes}
        if len({code[:2] for code in codes}) == 1 and f"{codes[0][:4]}00" not in self._atlas.names:
            cities = {f"{codes[0][:2]}0000"}  # counties right under 北京 and its like
        return cities.pop() if len(codes) > 1 and len(cities) == 1 else ""

    def _home_despite(self, far: Side, home: Home) -> Found:
        codes = tuple(dict.fromkeys(one.name.codes[0] for one in far.mentions()))
        reasons = [_reason(one.name.codes[0], one, 0.5, NEARBY) for one in _distinct(far.mentions())[:_OPEN]]
        return self._place(home.code, "source", "", codes), (Reason(f"place:{home.code}", "", rule=DESPITE), *reasons)

    def _no_name(self, foreign: Sequence[Mention], passing: Sequence[Mention], home: Home) -> Found:
        if foreign:
            return Place(), (_reason("", foreign[0], 1.0, ABROAD),)
        if home.code:
            return self._at_home(home)
        codes = tuple(dict.fromkeys(code for one in passing for code in one.name.codes))
        return Place(candidates=codes), tuple(_reason(one.name.codes[0], one, 0.5, ORIGIN) for one in passing[:_OPEN])

    def _at_home(self, home: Home) -> Found:
        if home not in self._homes:  # most posts name no place
            reason = Reason(f"place:{home.code}", "", rule=home.rule)
            self._homes[home] = self._place(home.code, "source"), (reason,)
        return self._homes[home]

    def _place(
        self, code: str, basis: Literal["text", "source"], town: str = "", candidates: tuple[str, ...] = ()
    ) -> Place:
        province, city, county = self._atlas.names[code]
        return Place(code, province, city, county, town, basis, candidates)


def _where_it_is(mentions: Sequence[Mention], home: str) -> Sequence[Mention]:
    """The mentions without those to which somebody only goes or from which somebody comes.

    If there are no others, and no home to go from, where somebody goes counts.
    """
    settled = [one for one in mentions if not one.passing]
    has_home = bool(home) and not home.endswith("0000")
    if has_home or any(one.name.level != "province" for one in settled):
        return settled
    return [one for one in mentions if one.passing != "origin"]


def _resolve(mentions: Sequence[Mention], home: str) -> tuple[Resolved, list[Mention]]:
    """Mentions of counties and towns with the county that each means, in order; and those that stay open."""
    local = [one for one in mentions if one.name.level in ("county", "town")]
    sure = {one.name.codes[0] for one in local if _is_sure(one)}
    cities = {one.name.codes[0] for one in mentions if one.name.level == "city"}
    areas = {one.name.codes[0] for one in mentions if one.name.level == "province"}
    told: Resolved = []
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
    if one.within:
        return _only(
            code
            for code in codes
            if region_within(code, one.within) and (not sure or code in sure or one.name.level == "county")
        )
    if sure:
        told = _only(code for code in codes if code in sure) or _only(code for code in codes if _in_any(code, cities))
        return told or (_only(code for code in codes if _beside(code, sure)) if one.name.level == "county" else "")
    others = {code for other in local if other.phrase != one.phrase for code in other.name.codes}
    away = bool(cities)
    clues = (
        [code for code in codes if _in_any(code, cities)],
        [code for code in codes if not away and code in others],
        [code for code in codes if not away and home and region_within(code, home)],
        [code for code in codes if not away and _in_any(code, areas)],
        [code for code in codes if not away and home and one.name.level == "county" and code[:2] == home[:2]],
    )
    return next((_only(found) for found in clues if found), "")


def _beside(code: str, sure: Iterable[str]) -> bool:
    """Whether it is in the same city as one that is sure."""
    return any(code[:4] == other[:4] for other in sure)


def _in_any(code: str, regions: Iterable[str]) -> bool:
    return any(region_within(code, region) for region in regions)


def _only(codes: Iterable[str]) -> str:
    found = list(codes)
    return found[0] if len(found) == 1 else ""


def _is_abroad(near: Side, far: Side, left: Sequence[Mention], home: str) -> bool:
    """Whether the text is about a place outside: its title says so, else it names such a place more often than ours.

    A county of ours weighs twice. Against a home within the area it takes a county in full, or a place named again and
    again: people compare (上海早就不收了).
    """
    ours, theirs = near.mentions(), far.mentions()
    titled = [any(one.field == "title" for one in side) for side in (ours, theirs)]
    most = max(Counter(one.name.codes[0][:2] for one in theirs if not one.within).values(), default=1)
    plain = any(_is_plain(one) for one, _ in far.counties) or any(one.within for one in left)
    if home and not plain and most + titled[1] < _SURE_ABROAD:
        return False
    if ours and titled[0] != titled[1]:
        return titled[1]
    return most > len([one for one in ours if not one.within]) * (_COUNTY_WEIGHS if near.counties else 1)


def _is_plain(one: Mention) -> bool:
    """Whether a county is named in full or behind its city."""
    return bool(one.within) or not one.name.short


def _choose(counties: Resolved, cities: Sequence[Mention]) -> str:
    """The county or city that the post is about, "" if none is told."""
    titled = [code for one, code in counties if one.field == "title"]
    if titled:
        return titled[0]
    named = [one.name.codes[0] for one in cities]
    head = next((one.name.codes[0] for one in cities if one.field == "title"), "")
    codes = [code for _, code in counties if not head or region_within(code, head)]
    if not codes:
        return head or _most(named)
    county, times = Counter(codes).most_common(1)[0]
    rival = _most([city for city in named if not region_within(county, city)])
    return rival if rival and not head and named.count(rival) > times else county


def _most(codes: Sequence[str]) -> str:
    """The most frequent, the first of equals; "" if there is none."""
    return Counter(codes).most_common(1)[0][0] if codes else ""


def _town(code: str, side: Side) -> str:
    towns = {one.phrase for one, county in side.counties if county == code and one.name.level == "town"}
    return towns.pop() if len(towns) == 1 else ""


def _inside(code: str, left: Sequence[Mention]) -> tuple[str, ...]:
    """The candidates of open names within the city or province that is told."""
    if not code.endswith("00"):
        return ()
    return tuple(dict.fromkeys(c for one in left for c in one.name.codes if region_within(c, code)))


def _distinct(mentions: Iterable[Mention]) -> list[Mention]:
    return list({one.phrase: one for one in reversed(list(mentions))}.values())[::-1]


def _reason(code: str, one: Mention, weight: float, rule: str) -> Reason:
    return Reason(f"place:{code}", one.phrase, one.field, one.start, one.end, weight, rule)


def _open_reasons(open_ones: Sequence[Mention]) -> tuple[Reason, ...]:
    seen = {code: one for one in reversed(open_ones) for code in reversed(one.name.codes)}
    return tuple(_reason(code, one, 0.5, AMBIGUOUS) for code, one in list(seen.items())[::-1][:_OPEN])
