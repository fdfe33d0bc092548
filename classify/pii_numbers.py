"""The personal numbers of a plain text (`pii_fold`), each kind by its form, `pii_checks` deciding where the form is not enough."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from classify import pii_checks as checks
from classify.pii_fold import ANY_DIGIT, BLANKS, GAP, readings

KEPT = {
    "【微信号】": "\ue001",
    "【QQ号】": "\ue002",
    "【电话】": "\ue003",
}  # masked labels that may also head a form's field
WECHAT_HEAD, QQ_HEAD, PHONE_HEAD = KEPT.values()


class Span(NamedTuple):
    """Offsets in a text and the kind of what stands there (a key of `pii.LABELS`)."""

    start: int
    end: int
    kind: str


_SUREST = ("email", "id", "bank", "mobile", "landline", "plate", "wechat", "qq")
_RANK = {kind: place for place, kind in enumerate(_SUREST)}

Token = tuple[int, int]  # a group of digits

_RUN = re.compile(rf"[0-9]+(?:{GAP}{{1,3}}[0-9]+)*")
_GROUP = re.compile(r"[0-9]+")
_COUNTRY = re.compile(r"(?:0086|086|86|0)?(?=1(?:[3-9]|$))")
_SAME_BETWEEN = re.compile(
    rf"1(?<![0-9]1)(?:([^0-9\n,{BLANKS}]{{1,2}})[3-9](?:\1[0-9]){{9}}(?!\1?[0-9])"
    r"|[3-9][0-9]([^\W0-9xX]{1,2})[0-9]{4}\2[0-9]{4}(?!\2?[0-9]))"
)
_PLAIN_GAP = re.compile(r"[ \-·_()\[\]【】「」]+")
_THREE = frozenset(((3, 3, 5), (3, 5, 3), (4, 4, 3), (4, 3, 4), (5, 3, 3)))
_SIZES = re.compile(r"[长宽高径寸格号厚][ :为是约]{0,2}$")

_ID = re.compile(rf"(?<![0-9])[1-9](?:{GAP}{{0,3}}[0-9]){{16}}{GAP}{{0,3}}[0-9Xx](?![0-9A-Za-z])")
_OLD_ID = re.compile(rf"(?<![0-9])[1-9](?:{GAP}{{0,3}}[0-9]){{14}}(?![0-9])")
_EXTENSION = r"(?: ?(?:转|-) ?[0-9]{1,5})?(?![0-9])"
_LANDLINE = re.compile(
    rf"(?<![0-9])(?<![0-9]\.)(?:\+?86[ \-]?)?\(?0(?:10|2[0-9]|[3-9][0-9]{{2}}){GAP}{{0,3}}[2-8][0-9]{{2,3}}{GAP}{{0,2}}[0-9]{{4}}{_EXTENSION}"
    rf"|(?<![0-9])0({GAP}{{1,3}})(?:1\1?0|2\1?[0-9]|[3-9]\1?[0-9]\1?[0-9])(?:\1[0-9]){{7,8}}(?![0-9])"
)
_LOCAL = re.compile(
    rf"(?:电话|座机|固话|宅电|致电|拨打|联系方式|热线|{PHONE_HEAD})(?:号码|号)?(?:都?是|为)?[ :(【】]{{0,3}}"
    rf"((?!400|800)[2-8][0-9]{{2,3}}[ \-·]{{0,2}}[0-9]{{4}})(?![0-9]|[ \-.][0-9])"
)

_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}")
_ODD_EMAIL = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63} ?(?:@|#|艾特|[(\[{]at[)\]}]| at ) ?[A-Za-z0-9\-]{1,40}"
    r" ?(?:[.。,·]|点| dot |[(\[]dot[)\]]) ?(?:com|cn|net|org|edu|gov)(?: ?[.。]?(?:cn|com))?(?![A-Za-z0-9])",
    re.IGNORECASE,
)

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_TAIL = "A-HJ-NP-Za-hj-np-z0-9"
_PLATE = re.compile(
    rf"[{_PROVINCES}][ ·]?[A-Za-z][ ·.\-]{{0,2}}(?=[A-Za-z]{{0,5}}[0-9])(?:[{_TAIL}]{{4,5}}[挂学警港澳使领试超]|[{_TAIL}]{{5,6}})(?![A-Za-z0-9])"
    rf"|[{_PROVINCES}][ ·]?[A-Za-z]([ \-.·])(?:[{_TAIL}]\1){{4,5}}[{_TAIL}](?![A-Za-z0-9])"
    rf"|WJ[ ·]?[{_PROVINCES}][ ·\-]?[0-9]{{4}}[0-9A-Z](?![A-Za-z0-9])"
)

_SERVICE = r"(?!(?:1[0-2][0-9]{3}|9[56][0-9]{3,4}|11[0-9]|12[0-2])(?![0-9]))"  # 12345, 10086, 95588, 110 are nobody's
_OPENING = r"[ :=\-→>【】\[\]()「」“”\"']{0,4}"
_NAMED = r"(?:号码|号|账号|帐号|ID|id|Id)"
_SAID = r"(?:都?是|也是|就是|为|叫|搜索?|加)"
_WECHAT_WORD = r"(?:微 ?信|[薇威维徽]信|卫星|(?<![A-Za-z0-9])(?:[vV]信|[vVwW][. ]?[xX]|[wW]e ?[cC]hat|[vV](?=号|[:]))|[加➕+][vV微薇])"
_ACCOUNT = rf"({_SERVICE}(?:[A-Za-z][A-Za-z0-9_\-]{{5,19}}|[0-9]{{5,12}}))(?![A-Za-z0-9_])"
_WECHAT = re.compile(
    rf"(?:{_WECHAT_WORD}(?:{_NAMED}{_SAID}?|{_SAID})?{_OPENING}|{WECHAT_HEAD})(?:我的?)?{_ACCOUNT}"
    r"|(?<![A-Za-z0-9_])(wxid_[A-Za-z0-9]{6,24})"
    r"|(?<![A-Za-z0-9_\-])((?=[A-Za-z_\-]*[0-9])[A-Za-z][A-Za-z0-9_\-]{5,19}) ?\((?:微信|[vVwW][xX]|[薇威]信)"
)
_SURE = re.compile(rf"{_NAMED}|{_SAID}|[:=→【】{WECHAT_HEAD}]")
_QQ = re.compile(
    r"(?:(?:(?<![A-Za-z])(?:[Qq]{2}|[Qq](?=[:号群]| ?[0-9]{6}))|扣扣|企鹅|球球|加[Qq])"
    rf"(?:邮箱|群)?{_NAMED}?{_SAID}?{_OPENING}|{QQ_HEAD})"
    rf"({_SERVICE}(?:[1-9][0-9]{{4,10}}|[1-9]({GAP}{{1,2}})[0-9](?:\2[0-9]){{3,9}}|[1-9][0-9]{{2,3}}(?:[ \-·][0-9]{{3,4}}){{1,2}}))(?![0-9])"
)

# What each of them cannot do without: quick looks that spare most texts the pattern.
_AT = ("@", "#", "艾特", "at", "AT", "At")
_WECHAT_SIGNS = (
    "微信",
    "微 信",
    "薇信",
    "威信",
    "维信",
    "徽信",
    "卫星",
    "加微",
    "加薇",
    "v",
    "V",
    "w",
    "W",
    WECHAT_HEAD,
)
_QQ_SIGNS = ("q", "Q", "扣扣", "企鹅", "球球", QQ_HEAD)

# What any of these needs at least: one quick look at a text decides whether it is read at all.
_FEW_DIGITS = re.compile(rf"[{ANY_DIGIT}oO](?:{GAP}{{0,4}}[{ANY_DIGIT}oOlI|]){{4}}")
_LATIN = re.compile("[A-Za-zＡ-Ｚａ-ｚ]")
_MANY_DIGITS = re.compile(rf"[{ANY_DIGIT}oO](?:{GAP}{{0,4}}[{ANY_DIGIT}oOlI|]){{6}}")
_WORDS = re.compile(
    r"@|＠|艾特|微 ?信|[薇威维徽]信|卫星|[vVｖＶ]信|扣扣|企鹅|球球|加[微薇]|[Qq][Qq号群:：]|[Qq] ?[0-9]|[加➕+][VvQqＶｖ]|[VvWwＶｖＷｗ][. ]?[XxＸｘ]|ＱＱ|ｑｑ"
    rf"|[Ee] ?[Cc]hat|wxid|[VvＶｖ][:：号]|[(\[{{]at[)\]}}]|#[A-Za-z0-9\-]+[.。点]|点(?:com|cn|net)|[{_PROVINCES}]{GAP}{{0,2}}[A-Za-zＡ-Ｚａ-ｚ]"
)


def may_hold(text: str) -> bool:
    """False: there is surely nothing in this text (as written, or plain)."""
    if _FEW_DIGITS.search(text) or _LATIN.search(text):
        return _MANY_DIGITS.search(text) is not None or _WORDS.search(text) is not None or _spread(text)
    return _spread(text)


def _spread(text: str) -> bool:
    return "1" in text and _SAME_BETWEEN.search(text) is not None


def numbers(plain: str) -> list[Span]:
    """The numbers of a plain text in order, never overlapping; of two that overlap the surer kind and reading."""
    taken = bytearray(len(plain))
    kept: list[Span] = []
    candidates = [span for reading in readings(plain) for span in _of_reading(reading)]
    for span in sorted(candidates, key=lambda span: (_RANK[span.kind], span.start - span.end)):
        if not any(taken[span.start : span.end]):
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
            kept.append(span)
    return sorted(kept)


def _of_reading(plain: str) -> Iterator[Span]:
    """All candidates, those of the surest kinds first."""
    if any(sign in plain for sign in _AT):
        yield from _whole("email", _EMAIL, plain)
        yield from _whole("email", _ODD_EMAIL, plain)
    runs = [match.span() for match in _RUN.finditer(plain) if match.end() - match.start() >= 7]
    for run in runs:
        yield from _ids(plain, *run)
    tokens = [[match.span() for match in _GROUP.finditer(plain, *run)] for run in runs]
    for groups in tokens:
        yield from _cards(plain, groups)
    for groups in tokens:
        yield from _mobiles(plain, groups)
    yield from _spread_mobiles(plain)
    for start, end in runs:
        yield from _landlines(plain, start, end)
    yield from _whole("landline", _LOCAL, plain)
    yield from _whole("plate", _PLATE, plain)
    yield from _accounts(plain)


def _whole(kind: str, pattern: re.Pattern[str], plain: str) -> Iterator[Span]:
    for match in pattern.finditer(plain):
        start, end = match.span(1) if kind == "landline" else match.span()
        digits = plain[start:end]
        if kind != "landline" or not (checks.is_day(digits) or checks.is_amount(plain, end)):
            yield Span(start, end, kind)


def _ids(plain: str, start: int, end: int) -> Iterator[Span]:
    for pattern, valid in ((_ID, checks.is_id), (_OLD_ID, lambda plain, start, _: checks.is_old_id(plain, start))):
        at = start
        while match := pattern.search(plain, at, min(len(plain), end + 5)):
            good = valid(plain, *match.span())
            if good:
                yield Span(*match.span(), "id")
            at = match.end() if good else match.start() + 1


def _cards(plain: str, groups: Sequence[Token]) -> Iterator[Span]:
    """The longest of 16 to 19 digits that is a card, from each group on."""
    for first, (start, _) in enumerate(groups):
        digits, ends = 0, []
        for begin, end in groups[first : first + 19]:
            digits += end - begin
            if 16 <= digits <= 19:
                ends.append((end, digits < end - start < 2 * digits - 1))  # in groups, but not each digit apart
        for end, grouped in reversed(ends):
            if checks.is_bank_card(plain, start, end, grouped):
                yield Span(start, end, "bank")
                break


def _mobiles(plain: str, groups: Sequence[Token]) -> Iterator[Span]:
    for first in range(len(groups)):
        found = _mobile_at(plain, groups, first)
        if found:
            yield found


def _mobile_at(plain: str, groups: Sequence[Token], first: int) -> Span | None:
    """The mobile number (1[3-9] and nine digits more, after a country code or 0) whose first group this is."""
    start, end = groups[first]
    prefix = _COUNTRY.match(plain, start, end)
    if not prefix:
        return None
    begin = prefix.end()
    taken = [(begin, end)]
    while sum(e - s for s, e in taken) < 11 and first + len(taken) < len(groups):
        taken.append(groups[first + len(taken)])
    digits = "".join(plain[s:e] for s, e in taken)
    if len(digits) != 11 or digits[1] < "3" or not checks.is_phone(plain, start, taken[-1][1]):
        return None
    outset = _with_country(plain, groups, first)
    sure = len(taken) == 1 or outset < begin or checks.says_phone(plain, outset)
    if not sure and not _is_grouped(plain, groups, first, taken):
        return None
    return Span(outset, taken[-1][1], "mobile")


def _is_grouped(plain: str, groups: Sequence[Token], first: int, taken: Sequence[Token]) -> bool:
    """Whether groups without a word like 电话 are one number: as people cut one, and no row of numbers goes on."""
    gaps = [plain[left[1] : right[0]] for left, right in pairwise(taken)]
    sizes = tuple(e - s for s, e in taken)
    if _goes_on(plain, groups, first, len(taken), gaps):
        return False
    if sizes == (1,) * 11:
        return True
    if sizes == (3, 4, 4) and set(gaps) in ({"/"}, {"*"}):
        return not _SIZES.search(checks.before(plain, taken[0][0]))
    if not all(_PLAIN_GAP.fullmatch(gap) or gap == "." for gap in gaps):
        return False
    if sizes[:3] == (1, 1, 1) or {3, 7} <= {sum(sizes[:count]) for count in range(1, len(sizes))}:
        return True
    if len(sizes) == 2:
        return min(sizes) >= 3 and sizes != (8, 3) and "." not in gaps  # a day and a count, a decimal fraction
    return sizes in _THREE


def _goes_on(plain: str, groups: Sequence[Token], first: int, count: int, gaps: Sequence[str]) -> bool:
    last = first + count
    around = [plain[groups[first - 1][1] : groups[first][0]]] if first else []
    if last < len(groups):
        around.append(plain[groups[last - 1][1] : groups[last][0]])
    return any(gap in gaps for gap in around)


def _with_country(plain: str, groups: Sequence[Token], first: int) -> int:
    """Where the number begins, with the country's code if that is a group of its own, and its +."""
    start = groups[first][0]
    if first and plain[slice(*groups[first - 1])] in ("86", "086", "0086"):
        start = groups[first - 1][0]
    return start - 1 if start and plain[start - 1] == "+" else start


def _spread_mobiles(plain: str) -> Iterator[Span]:
    """One and the same character, of whatever kind, between all digits or groups: 1啊3啊8啊…"""
    for match in _SAME_BETWEEN.finditer(plain) if "1" in plain else ():
        if checks.is_phone(plain, *match.span()):
            yield Span(*match.span(), "mobile")


def _landlines(plain: str, start: int, end: int) -> Iterator[Span]:
    for match in _LANDLINE.finditer(plain, max(0, start - 1), min(len(plain), end + 8)):
        if match.start() < end and checks.is_phone(plain, *match.span()):
            yield Span(*match.span(), "landline")


def _accounts(plain: str) -> Iterator[Span]:
    for match in _WECHAT.finditer(plain) if any(sign in plain for sign in _WECHAT_SIGNS) else ():
        start, end = match.span(match.lastindex or 0)
        if _is_account(plain[start:end], plain[match.start() : start]) and not checks.is_amount(plain, end):
            yield Span(start, end, "wechat")
    for match in _QQ.finditer(plain) if any(sign in plain for sign in _QQ_SIGNS) else ():
        start, end = match.span(1)
        if not checks.is_day(checks.only_digits(plain[start:end])) and not checks.is_amount(plain, end):
            yield Span(start, end, "qq")


def _is_account(account: str, words: str) -> bool:
    """A word after 微信 is an account when it is called one or holds what no everyday word holds."""
    if account.isdigit():
        return not checks.is_day(account)
    return _SURE.search(words) is not None or any(char.isdigit() or char == "_" for char in account)
