"""The names of places as they stand in a text: found longest first, and only where they are words of their own.

A short name inside another word (面临安全 holds 临安), a street (温州路), a district of an unknown city (甲乙市西湖区) and an
anonymised place (A市) are no mention. Which place an ambiguous name means is decided in `classify/places.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import rjieba

from classify.names import Names
from classify.place_names import Level, Name, name_table
from configs.catalog import Province, region_within
from configs.country import Division
from configs.lexicon import PlaceWords

Field = Literal["title", "text"]
Passing = Literal["", "goal", "origin", "firm"]

_GOAL = re.compile(r"(?:(?<!过)去过?|前往|赶往|迁往|开往|去往|发往|寄往|飞往|调往|跑到|转到|转往|送往)$")
_FROM = re.compile(r"[从由自]$")
_COMES = re.compile(
    r"[省市县区]?(?:[来到]|过来|赶来|回来|回到|搬来|搬到|出发|一路|坐车|乘车|开车|发货|寄来|运来|嫁到|调到)"
)
_ACCOUNT = re.compile(r"(?:属地|归属地|发布于|发自)[:： ]*$")  # where the writer's account is, as sites show it
_RISKY = frozenset("于和")  # 于城镇 is no town in 属于城镇
_CALLED = re.compile(r"(?:名叫|姓名|网名)[:： ]*.?$")  # a person's name follows
_TAIL = frozenset(
    "省市县区州人城站话"
)  # may end a longer word that begins with a short name (温州人); 大理石 is no place
_FIRM = re.compile(r"(?!某|一[家个]|[的有这那])[\u4e00-\u9fff()（）]{2,16}?(?:有限公司|有限责任公司|股份公司|集团公司)")
_FREE = re.compile(r"路[灯面边况政]|乡[下镇]|村[里民]")  # 萧山路灯 is no 萧山路
_WINDOW = 6  # characters on each side that are cut into words to see whether a name is one
_GAP = re.compile(r"(?:省|市|自治区|区|县)?[的 　·,，]?")  # between a place elsewhere and the name that belongs to it
_JOINT = frozenset(("", "的", " ", "　", "·", ",", "，", "-"))  # between a region's name and that of its part
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
class Mention:
    """A name where it stands (offsets in the field). `within` is the region named right before it, "" if none.

    `passing` marks where somebody only goes (得去杭州看病) or comes from (河南人): mostly not where the problem is; and
    where a firm is registered (广东某某科技有限公司), which may be anywhere.
    """

    name: Name
    phrase: str
    field: Field
    start: int
    end: int
    within: str = ""
    passing: Passing = ""


@dataclass(slots=True)
class Read:
    """What a post names: known places in order, the names that belong to unknown places, and where its writer's account is."""

    mentions: list[Mention] = field(default_factory=list)
    foreign: list[Mention] = field(default_factory=list)
    account: str = ""


class Gazetteer:
    """All names in one look-up; build it once."""

    def __init__(self, provinces: Sequence[Province], country: Sequence[Division], words: PlaceWords) -> None:
        self._names = name_table(provinces, country, words)
        free = [phrase for phrase, name in self._names.items() if name.codes or name.level in ("elsewhere", "skip")]
        self._finder = Names(free)
        self._behind = self._names.keys() - set(free)
        self._longest = max(map(len, self._behind), default=0)
        self._part_of_more = re.compile(rf"[东南西北中]?(?:{_any(words.not_before)})")
        self._comes_from = re.compile(rf"(?:{_any(words.origin_before)})[:： ]?$")
        no_origin = f"(?!{_any(words.no_origin)})" if words.no_origin else ""
        self._origin = re.compile(rf"{no_origin}(?:{_any(words.origin_after)})")

    def read(self, title: str, text: str) -> Read:
        """The places that title and text name, in order."""
        found = Read()
        if title:
            self._scan("title", title, found)
        self._scan("text", text, found)
        return found

    def _scan(self, where: Field, text: str, found: Read) -> None:
        names = self._names_in(text)
        away = -1  # end of the last name elsewhere, or that belongs to one
        last: Mention | None = None
        for start, phrase in names.items():
            end = start + len(phrase)
            name = self._names[phrase]
            if name.level == "elsewhere":
                away = end
                continue
            before = last if last is not None and text[last.end : start] in _JOINT else None
            region = _region_of(before)
            one = Mention(_as_part(name, region), phrase, where, start, end, region)
            if not one.name.codes or not self._stands_alone(one, text, before, names.get(end, "")):
                continue
            if _belongs_elsewhere(one, text, before, away):
                found.foreign.append(one)
                away = end
            elif _ACCOUNT.search(text, max(0, start - 6), start):
                found.account = found.account or one.name.codes[0]
            else:
                last = self._keep(one, text, before, found)

    def _names_in(self, text: str) -> dict[int, str]:
        """Offset -> name: those that stand by themselves, and those that count only behind one of these."""
        names = dict(self._finder.find(text))
        if not names or not self._behind:
            return names
        ahead = list(names.items())
        while ahead:
            start, phrase = ahead.pop()
            at = start + len(phrase)
            at += at < len(text) and text[at] in _JOINT
            behind = self._behind_at(text, at)
            if len(behind) > len(names.get(at, "")):
                names = {one: name for one, name in names.items() if not at < one < at + len(behind)} | {at: behind}
                ahead.append((at, behind))
        return dict(sorted(names.items()))

    def _behind_at(self, text: str, at: int) -> str:
        """The longest name that stands there of those that count only behind their region; "" if none does."""
        lengths = range(min(self._longest, len(text) - at), 1, -1)
        return next((text[at : at + n] for n in lengths if text[at : at + n] in self._behind), "")

    def _keep(self, one: Mention, text: str, before: Mention | None, found: Read) -> Mention:
        """Note the mention; where it is only passed, so is the region that is named right before it (江西上饶人)."""
        passing = before.passing if before else self._passing(text, one.start)
        kept = replace(one, passing=passing or self._follows(one, text))
        if before and kept.passing and not before.passing:
            found.mentions[-1] = replace(before, passing=kept.passing)
        found.mentions.append(kept)
        return kept

    def _passing(self, text: str, start: int) -> Passing:
        """Whether what stands before a name tells that somebody only goes to the place or comes from it."""
        if _GOAL.search(text, max(0, start - 4), start):
            return "goal"
        return "origin" if self._comes_from.search(text, max(0, start - 8), start) else ""

    def _follows(self, one: Mention, text: str) -> Passing:
        """Whether what stands behind a name tells that somebody comes from there; 义桥镇人 and 庆元县人 live there."""
        if one.name.short and self._origin.match(text, one.end):
            return "origin"
        if one.name.level in ("province", "city") and _FIRM.match(text, one.end):
            return "firm"
        came = _FROM.search(text, max(0, one.start - 1), one.start) and _COMES.match(text, one.end)
        return "origin" if came else ""

    def _stands_alone(self, one: Mention, text: str, before: Mention | None, following: str) -> bool:
        """Whether the name begins (and a short one also ends) where words do. `following`: the name that follows at once."""
        behind = before is not None and before.end == one.start
        if one.name.level == "town":
            return text[one.start] not in _RISKY or behind or _begins_and_ends(text, one.start, one.end, short=False)
        if behind and not one.name.short:
            return True
        start, end, short = one.start, one.end, one.name.short
        if short and following and self._is_part(following, one):
            short = False  # 台州|路桥区: the part tells where the name ends
        if short and (self._is_part_of_more(text, end) or _CALLED.search(text, max(0, start - 5), start)):
            return False
        if behind:
            return not short or _ends_at(text, start, end)
        return _begins_and_ends(text, start, end, short)

    def _is_part(self, name: str, of: Mention) -> bool:
        known = self._names[name]
        return any(
            code != of.name.codes[0] and region_within(code, of.name.codes[0]) for code in known.codes + known.behind
        )

    def _is_part_of_more(self, text: str, end: int) -> bool:
        return self._part_of_more.match(text, end) is not None and not _FREE.match(text, end)


def _any(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first; nothing if there are none."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) or "(?!)"


def _region_of(before: Mention | None) -> str:
    """The region whose part the name that follows may be."""
    if before is None:
        return ""
    codes = before.name.codes
    if len(codes) == 1 and before.name.level in ("province", "city"):
        return codes[0]
    return before.within or (f"{codes[0][:4]}00" if len(codes) == 1 and before.name.level == "county" else "")


def _as_part(name: Name, region: str) -> Name:
    """What the name means right behind a region: its part of that name if it has one; without codes if it means nothing."""
    if not region or name.level in ("province", "skip"):
        return name
    inside = [code for code in (*name.codes, *name.behind) if region_within(code, region) and code != region]
    if not inside or name.level == "town":
        return name
    city = next((code for code in inside if code.endswith("00")), "")
    level: Level = "city" if city else "county"
    return Name(level, (city,) if city else tuple(inside), name.short)


def _belongs_elsewhere(one: Mention, text: str, before: Mention | None, away: int) -> bool:
    """Whether a county's or town's name belongs to a place that is named right before and has no such part that we know."""
    if one.name.level not in ("county", "town"):
        return False
    if before is not None:  # 福建永嘉村
        return (
            one.name.short
            and before.end == one.start
            and not any(code[:2] == one.within[:2] for code in one.name.codes)
        )
    if 0 <= away <= one.start and _GAP.fullmatch(text, away, one.start):
        return True
    return _FOREIGN[one.name.level].search(text, max(0, one.start - 4), one.start) is not None


def _begins_and_ends(text: str, start: int, end: int, short: bool) -> bool:
    at = left = max(0, start - _WINDOW)
    for word in rjieba.cut(text[left : end + _WINDOW], False):
        if at == start:
            if not short or at + len(word) == end or len(word) > end - at:
                return not short or at + len(word) == end or word[end - at] in _TAIL
            return _ends_at(text, at, end)
        at += len(word)
        if at > start:
            return False
    return False


def _ends_at(text: str, start: int, end: int) -> bool:
    """Whether words of text[start:] end at `end`, as of a name that the dictionary lacks (拱|墅)."""
    at = start
    for word in rjieba.cut(text[start : end + _WINDOW], False):
        at += len(word)
        if at >= end:
            break
    return at == end
