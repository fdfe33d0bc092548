"""Names of places and bodies as the text writes them: what stands before 小区, 小学, 公司, 路 and their like.

Where a name begins cannot be told without a dictionary, so only the two characters before the kind are kept: of
枫桥路小学, 桥路 with 小学. Two posts that both name something of a kind speak of different things when none is alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

READ = 60  # characters of a text without title
_KINDS = (
    "小区|花园|家园|嘉园|公寓|公馆|华府|雅苑|新村|新城|广场|大厦|商城|市场|超市|酒店|饭店|餐厅|物流园|产业园|工业园|公园"
    "|幼儿园|小学|中学|学校|学院|大学|医院|卫生院|养老院|公司|集团|工厂|银行|楼盘|项目"
    "|社区|街道|大道|大街|大桥|号线|水库|湖|河|苑|府|湾|城|庭|镇|乡|村|路|街|巷|桥|站|厂"
)
# looks ahead, so that names may overlap: 枫桥路小学 is a school by a road
_NAME = re.compile(rf"(?=((?<!\d)\d+|[一-鿿]{{2}}|(?<![A-Za-z])[A-Za-z]{{1,3}}\d*)({_KINDS}))")
_NUMBER = re.compile(r"\d+")
# no part of a name: pronouns, particles, and words that say which one without naming it
_EMPTY = frozenset(
    "我你他们本该这那此各某的在到从向于对和与及或等所有每全整个是被把让请问咨询反映投诉举报关于希望附近旁边门口里外内"
)


def names_in(title: str, text: str) -> frozenset[str]:
    """Each as kind and what stands before it (小学:桥路), from the title, or from the start of a text without one."""
    read = title.strip() or text.strip()[:READ]
    return frozenset(
        f"{kind}:{before}" for before, kind in _NAME.findall(read) if not _EMPTY.intersection(before) and before != kind
    )


def agree(first: frozenset[str], second: frozenset[str]) -> float:
    """1: a name is alike; -1: both name something of a kind and nothing is alike; 0: they cannot be held together."""
    if not first or not second:
        return 0.0
    if not first.isdisjoint(second):
        return 1.0
    theirs = _by_kind(second)
    told = [
        _alike(before, other)
        for kind, befores in _by_kind(first).items()
        for before in befores
        for other in theirs.get(kind, ())
    ]
    if not told:
        return 0.0
    return 0.5 if any(told) else -1.0


def _by_kind(names: frozenset[str]) -> Mapping[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for name in names:
        kind, before = name.split(":", 1)
        kinds.setdefault(kind, []).append(before)
    return kinds


def _alike(first: str, second: str) -> bool:
    """Names are often misspelt: one character in common is enough, but numbers must be the same."""
    if _NUMBER.search(first) or _NUMBER.search(second):
        return first == second
    return bool(set(first) & set(second))
