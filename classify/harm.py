"""Where a text may state harm: a numeral with what it counts, a toll (三死两伤), or words that tell of it without a number.

Whether it is harm is for `classify/severity.py` to say. All texts of a batch are searched as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from classify.clean import BMP, Codes, chars_table, code_points
from classify.numerals import NUMBER, NUMERALS, number

_NO_PERSON = (  # 人 that begins another word: 人次, 人民, 人行道, 人均; but 3人工资, 3人家属, 3人体温
    r"(?![次民力文物格类才制座桌份餐像机]|口(?!中毒)|大(?:代表|常委)|行(?:道|天桥|横道)|均(?![已被受在系])|气|手(?![臂指部受])"
    r"|体(?!温|检)|生(?![病死还]|命垂)|间|为(?:因素|造成|破坏)|工(?![资钱伤作棚])|家(?![属中里人]))"
)
_PEOPLE = (
    "学生|同学|孩子|小孩|娃娃|儿童|幼儿|婴儿|娃|居民|村民(?!小组)|业主|工人|职工|员工|民工|农民|老人|老师|患者|病人|游客|乘客|旅客|群众|师生|家长|市民|教师|消费者|会员|受害|投资|储户"
    "|平民|男子|女子|女生|男生|女孩|男孩|女工|司机|骑手|师傅|老乡|兄弟|姐妹|工友|同事|矿工|船员|村干|租客|租户|住客|受伤|伤者|伤员|死者|遇难"
)
_PERSON = (
    rf"[名位]|号?人(?:员)?{_NO_PERSON}|(?<=[多来几十百千余])号(?:{_PEOPLE})|个?(?:{_PEOPLE}|人{_NO_PERSON})|个(?=[都全被拉吐住晕发死伤])|口(?=人|之家|[都全被死遇身葬丧]|中毒|住院)"
    r"|个?大人|阿婆|阿姨"
)
_HOUSE = r"户(?![口籍外型头主名])|[家个](?:住户|农户|商户|业主|养殖户|门店|店铺|摊位)|多?家(?:人家)"
_YUAN = r"元|块(?![地砖石板肉布田])|人民币|钱|大洋|rmb"
_NO_SUM = r"(?:(?<=[万亿wk千+])|(?<=[万千百][一二三四五六七八九1-9]))(?![人户名位个吨平亩次辆件只张家级条步粉块斤里米公千瓦套株字立台头羽度年天])"
_COUNT = re.compile(
    rf"(?P<number>(?!12345[^0-9]){NUMBER})"
    rf"(?:(?P<money>(?:{_YUAN})|{_NO_SUM})|(?P<house>{_HOUSE})|(?P<people>{_PERSON})|(?P<pair>(?<=[俩仨])))"
)
_TOLL = re.compile(
    rf"(?P<first>已?致|造成|酿成?|导致|共|已有?|目前)?(?<![一二三四五六七八九十百0-9.])(?P<dead>{NUMBER})死(?![不路角党穴结板者]|一(?!人?名?[重轻]?[伤失昏]))"
    rf"(?:[,、]?(?P<hurt>{NUMBER})(?:人|名)?(?P<serious>重)?轻?(?:伤|昏迷|病危)|(?P<lost>[,、]?{NUMBER}人?(?:失踪|失联|被困))|(?P<end>[,。;!?、的]|$))"
)
_RANGE = re.compile(rf"(?P<least>{NUMBER})(?:[-~到至]|个?到)$")
_STARTS = "0123456789一二三四五六七八九十百千两几数〇万亿半俩仨廿卅壹贰叁肆伍陆柒捌玖拾佰仟"
_UNIT_STARTS = (
    "名位人户家元块钱大r学同孩小儿幼娃婴居村业工职员民农老患病游乘旅群师市教消会受投储平男女司骑兄姐矿船租住伤死遇口阿"
)
_AFTER_GE = "都全被拉吐住晕发死伤大亿多"
_ORDINALS = frozenset("第每各/.")
_LARGE = "千万亿wk俩仨"
_OTHER_WORD = {"伤": "(?![害感心])", "院": "(?!子)"}  # 严重伤害 is no 重伤, 暂住院子里 no 住院


@dataclass(frozen=True, slots=True)
class Hit:
    """`kind`: money, house, people; dead, hurt, badly (of a toll); or that of the words found. `value`: what the numeral says."""

    kind: str
    start: int
    end: int
    value: float
    word: str = ""


class Spotter:
    """Words (two characters at least, folded) and the kind of each. A table of hashed pairs says where one may begin."""

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = dict(kinds)
        self._match = re.compile(any_of(kinds)).match
        self._table = np.zeros(BMP, np.bool_)
        for word in kinds:
            self._table[(ord(word[0]) * 31 + ord(word[1])) & 0xFFFF] = True

    def find(self, text: str, codes: Codes) -> Iterator[Hit]:
        pairs = (codes[:-1] * np.uint32(31) + codes[1:]) & np.uint32(0xFFFF)
        for place in np.flatnonzero(self._table[pairs]).tolist():
            if found := self._match(text, place):
                yield Hit(self._kinds[found[0]], place, found.end(), 1.0, found[0])


def find_hits(joined: str, spotter: Spotter) -> Iterator[Hit]:
    """What may be harm anywhere in the joined texts, in no order."""
    codes = np.minimum(code_points(joined), BMP - 1)
    if codes.size < 2:
        return
    for start, end in _runs(codes):
        if hit := _counted(joined, start, end):
            yield hit
    for place in np.flatnonzero(codes == ord("死")).tolist():
        toll = _TOLL.search(joined, max(place - 10, 0), place + 12)
        if toll and toll.start() < place < toll.end():
            yield from _tolled(toll)
    yield from spotter.find(joined, codes)


def _counted(joined: str, start: int, end: int) -> Hit | None:
    """The first numeral of a run that a unit follows."""
    for place in range(start, end):
        if joined[place] not in _STARTS or (place > start and joined[place - 1] in _STARTS):
            continue
        found = _COUNT.match(joined, place)
        if found and joined[place - 1 : place] not in _ORDINALS:
            value = _least(joined, place, found["number"])
            kind = "people" if found.lastgroup == "pair" else found.lastgroup or ""
            return Hit(kind, place, found.end(), value, found["number"]) if value else None
    return None


def _least(joined: str, place: int, words: str) -> float:
    """The value, or the lower one of a range (20-30人, 三到五万); 0 if there is none."""
    value = number(words) or 0.0
    if joined[place - 1 : place] not in ("-", "~", "到", "至"):
        return value
    found = _RANGE.search(joined, max(place - 12, 0), place)
    least = number(found["least"]) if found else None
    if least is None:
        return 0.0 if joined[place - 1] == "-" else value
    for size in ("亿", "万", "w"):
        if words.endswith(size) and not (found and found["least"].endswith(size)):
            least *= number(f"1{size}") or 1
    return least if least <= value else value


def _tolled(toll: re.Match[str]) -> Iterator[Hit]:
    if toll["end"] is not None and not toll["first"]:
        return
    start = toll.start("dead")
    yield Hit("dead", start, toll.end(), number(toll["dead"]) or 0.0)
    if toll["hurt"]:
        yield Hit("badly" if toll["serious"] else "hurt", start, toll.end(), number(toll["hurt"]) or 0.0)


def _runs(codes: Codes) -> list[tuple[int, int]]:
    """(start, end) of every run of numeral characters that a unit follows, or that has a 万, 亿 … in it."""
    numeral, unit, after_ge, size, holding = _classes()
    inside = np.concatenate(([False], numeral[codes], [False]))
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    padded = np.append(codes, (0, 0))
    after, second = padded[ends], padded[ends + 1]
    held = holding[after]  # 一个 is everywhere, 一个工人 is not
    sized = np.flatnonzero(size[codes])
    large = np.searchsorted(sized, ends) > np.searchsorted(sized, starts)
    counts = np.where(held, unit[second] | after_ge[second], unit[after]) | large
    return list(zip(starts[counts].tolist(), ends[counts].tolist(), strict=True))


@cache
def _classes() -> NDArray[np.bool_]:
    """Per code point of the BMP: may stand in a numeral; may begin a unit; may follow 个 where no noun does; is a size
    that makes a sum by itself; stands before the noun."""
    return np.stack([chars_table(chars) for chars in (NUMERALS, _UNIT_STARTS, _AFTER_GE, _LARGE, "个号")])


def any_of(words: Iterable[str]) -> str:
    """A pattern of all words, the longest first; one that matches nothing where there is none."""
    return (
        "|".join(re.escape(word) + _OTHER_WORD.get(word[-1], "") for word in sorted(words, key=len, reverse=True))
        or "(?!)"
    )
