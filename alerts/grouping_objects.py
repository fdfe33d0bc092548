"""Which concrete things two posts name: estates, schools, firms; else roads and villages; else towns and streets.

Where a name begins cannot be told without a dictionary, but where it ends can: right before its kind. So two names are
held against each other from their ends. Two posts speak of different things when, on the finest level on which both name
something, what the one names first is not among what the other names, and the other way round.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from alerts.grouping_features import gram_id

READ = 160  # characters of the text
CORE = 4  # letters kept before the kind
MOST = 8  # names kept of a post
LOOKED_BACK = 10  # letters before a kind that its name may take up, fillers included


def _by_first_letter(kinds: Iterable[str]) -> str:
    """A pattern for any of the kinds, the longest first, that leaves most letters of a text at a glance."""
    rests: defaultdict[str, list[str]] = defaultdict(list)
    for kind in sorted(kinds, key=len, reverse=True):
        rests[kind[0]].append(kind[1:])
    return "|".join(f"{first}(?:{'|'.join(some)})" for first, some in rests.items())


_THINGS = (
    "幼儿园|物流园|产业园|工业园|科技园|卫生院|养老院|敬老院|福利院|大排档|烧烤店|火锅店|棋牌室|农贸市场|菜市场|有限公司"
    "|小区|花园|家园|嘉园|公寓|公馆|华府|华庭|雅苑|名邸|名苑|新苑|新城|广场|大厦|商城|市场|超市|酒店|宾馆|饭店|餐厅|公园"
    "|小学|中学|学校|学院|大学|医院|诊所|药店|公司|集团|工厂|银行|楼盘|项目|工地|大桥|水库|车站|业主|物业|苑|府|庭|厂"
)
_ROADS = "社区|新村|大道|大街|号线|村|路|街|巷|桥|站|河|湖|江"
_TOWNS = "街道|镇|乡"
_LEVEL = {kind: str(level) for level, kinds in enumerate((_THINGS, _ROADS, _TOWNS)) for kind in kinds.split("|")}
# a kind of one letter is only looked for outside the names with a longer one: 石桥花 is one name in 石桥花小学
_LONG = re.compile(_by_first_letter(one for one in _LEVEL if len(one) > 1))
_SHORT = re.compile("|".join(one for one in _LEVEL if len(one) == 1))
_WORD = re.compile(r"[一-鿿A-Za-z0-9]+$")
# what stands between a name and what comes before it, or says which one without naming it
_BORDER = re.compile(
    "[我你他们管本该这那此各某的在到从向于对和与及或等所有每全整个是被把让请问住去来了送区县市省]"
    "|政府|反映|投诉|举报|关于|咨询|建议|希望|位于|座落|附近|旁边|隔壁|对面|原来|多个|部分|很多"
)
_FILLER = re.compile(
    "(?:第?[一二三四五六七八九十0-9]+|实验|中心|附属|国际|双语|外国语|职业|高级|人民|大型|连锁|建筑|房地产|置业)+$"
)


def objects_in(title: str, text: str, is_telling: Callable[[str], bool]) -> tuple[str, ...]:
    """What a post names, finest level first, the title before the text.

    Each as one text: its level (0 thing, 1 road or village, 2 town), the letters before the kind (2 to CORE), |, the kind.
    `is_telling`: whether a pair of letters is rare enough to be part of a name.
    """
    found: dict[str, None] = {}
    for part in (title, text.strip()[:READ]):
        for core, kind in _names(part):
            if len(core) >= 2 and is_telling(core[-2:]):
                found[f"{_LEVEL[kind]}{core}|{kind}"] = None
    return tuple(sorted(found, key=lambda one: one[0])[:MOST])


@dataclass(frozen=True, slots=True)
class Level:
    """What is named on one level: the letters before the kind of all (joined by |) and of the first, its kind, the last two
    letters of each, and the gram that the first ends with."""

    cores: str
    first: str
    kind: str
    ends: tuple[str, ...]
    gram: int


SAME = -1.0
_SAME_ON = ((0, SAME), (1, SAME), (2, 0.0))  # what it means that names agree, by level
Levels = tuple[Level | None, Level | None, Level | None]


def levels_of(objects: Sequence[str]) -> Levels:
    """Things, roads and towns that a post names; None on a level on which it names nothing."""
    return _level("0", objects), _level("1", objects), _level("2", objects)


def differ(first: Levels, second: Levels) -> tuple[float, int, int]:
    """(whether they name different things, the gram that tells of what the first names, the same of the second).

    1: different; ½: so it seems, but it may be a slip of the pen; -1: the same thing, road or village; 0: the same town, or
    one names nothing.
    """
    for level, same in _SAME_ON:
        our, their = first[level], second[level]
        if our is None or their is None:
            continue
        if _meet(our, their):
            return same, our.gram, their.gram
        slip = our.kind == their.kind and _is_slip(our.first, their.first)
        return 0.5 if slip else 1.0, our.gram, their.gram
    return 0.0, 0, 0


def lookup_keys(objects: Iterable[str]) -> list[str]:
    """What a post can be found by, among those that name the same thing, road or village."""
    return list(dict.fromkeys(one[1:].partition("|")[0][-2:] for one in objects if one[0] < "2"))


def _names(part: str) -> list[tuple[str, str]]:
    """(letters before the kind, kind), in the order of the text."""
    found, free, end = list[tuple[int, str, str]](), part, 0
    for kind in _LONG.finditer(part):
        start = kind.start()
        core = _core(part[max(end, start - LOOKED_BACK) : start])
        end = kind.end()
        if core:
            found.append((start, core, kind[0]))
            taken = start - len(core)
            free = f"{free[:taken]}{'。' * (end - taken)}{free[end:]}"
    for kind in _SHORT.finditer(free):
        start = kind.start()
        if core := _core(part[max(0, start - LOOKED_BACK) : start]):
            found.append((start, core, kind[0]))
    return [(core, kind) for _, core, kind in sorted(found) if core + kind != "政府"]


def _core(before: str) -> str:
    word = _WORD.search(before)
    return _BORDER.split(_FILLER.sub("", word[0]))[-1][-CORE:] if word else ""


def _level(level: str, objects: Sequence[str]) -> Level | None:
    parts = [one[1:].split("|") for one in objects if one[0] == level]
    if not parts:
        return None
    cores = [core for core, _ in parts]
    return Level(
        "|".join(cores), cores[0], parts[0][1], tuple(core[-2:] for core in cores), gram_id(cores[0][-2:].lower())
    )


def _meet(our: Level, their: Level) -> bool:
    """Whether what the one names first is among what the other names, or the other way round."""
    if our.ends[0] in their.cores or their.ends[0] in our.cores:
        return True
    return _holds_any(our.first, their.ends) or _holds_any(their.first, our.ends)


def _holds_any(text: str, parts: Iterable[str]) -> bool:
    for part in parts:  # noqa: SIM110 - a generator for any() would take longer than the search
        if part in text:
            return True
    return False


def _is_slip(first: str, second: str) -> bool:
    """Whether the last letters of the names, up to three, differ in one."""
    reach = min(len(first), len(second), 3)
    pairs = zip(first[-reach:], second[-reach:], strict=True)
    return sum(one != other for one, other in pairs) == 1
