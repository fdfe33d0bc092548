"""Names of places and bodies as the text writes them: what stands before 小区, 小学, 公司, 路 and their like.

Where a name begins cannot be told without a dictionary, so the pairs of characters in the four before the kind stand for
it, those that are rare in a training collection: of 海棠实验小学, 海棠 and 棠实 but not 实验. Two posts that both name
something and have no character of a name in common speak of different things, however alike their words are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from alerts.grouping_features import Background, gram_id

READ = 120  # characters of the text
RARE = 1 / 150  # share of the training posts that a pair of characters of a name may occur in
_KINDS = (
    "幼儿园|物流园|产业园|工业园|卫生院|养老院|大排档|烧烤店|火锅店|棋牌室|农贸市场|有限公司"
    "|小区|花园|家园|嘉园|公寓|公馆|华府|雅苑|名邸|名苑|新村|新城|广场|大厦|商城|市场|超市|酒店|饭店|餐厅|公园"
    "|小学|中学|学校|学院|大学|医院|公司|集团|工厂|银行|楼盘|项目|社区|街道|大道|大街|大桥|号线|水库"
    "|湖|河|江|苑|府|湾|城|庭|镇|乡|村|路|街|巷|桥|站|厂|店|馆"
)
_INITIALS = "".join(
    {kind[0] for kind in _KINDS.split("|")}
)  # looked at first: a set of letters is quicker than the kinds
_NAME = re.compile(rf"(\d+|[一-鿿A-Za-z]{{2,4}})(?=[{_INITIALS}])({_KINDS})")
# no part of a name: pronouns, particles, and words that say which one without naming it
_EMPTY = frozenset("我你他们本该这那此各某的在到从向于对和与及或等所有每全整个是被把让请问住去来到了")


@dataclass(frozen=True, slots=True)
class Names:
    """`pairs` of characters of names, `numbers` of routes and lines (207路); `letters`: the characters of the pairs."""

    pairs: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    letters: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "letters", frozenset("".join(self.pairs)))


def names_in(title: str, text: str, background: Background) -> Names:
    """The names in the title and in the start of the text."""
    pairs, numbers = set[str](), set[str]()
    for before, kind in _NAME.findall(f"{title}。{text.strip()[:READ]}"):
        if before.isdigit():
            numbers.add(before + kind)
        else:
            pairs.update(map(str.__add__, before, before[1:]))
    return Names(frozenset([pair for pair in pairs if is_telling(pair, background)]), frozenset(numbers))


@lru_cache(maxsize=1 << 16)
def is_telling(pair: str, background: Background) -> bool:
    """Whether two letters are rare enough to be part of a name."""
    return _EMPTY.isdisjoint(pair) and bool(background.df[gram_id(pair.lower())] <= RARE * background.posts)


def agree(first: Names, second: Names) -> float:
    """1: a name is the same; ½: a character is, names being often misspelt; -1: both name something else; 0: unknown."""
    alike = not first.letters.isdisjoint(second.letters)
    if alike and not first.pairs.isdisjoint(second.pairs):
        return 1.0
    if first.numbers and second.numbers:
        return -1.0 if first.numbers.isdisjoint(second.numbers) else 1.0
    if alike:
        return 0.5
    return -1.0 if first.letters and second.letters else 0.0
