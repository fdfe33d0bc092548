"""Personal numbers: found by their form and check digits, replaced before anything is stored.

Kept: sums of money, dates, document and order numbers, short service numbers (12345, 110). What is replaced: mobile and
landline numbers, identity cards (GB 11643 checksum), bank cards (Luhn), e-mail addresses, number plates, WeChat and QQ
numbers; also when written with full-width or Chinese digits (一三八, 幺) or with separators.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from stream.messages import Post, Reply

LABELS = {
    "mobile": "【手机号】",
    "landline": "【电话】",
    "id": "【身份证号】",
    "bank": "【银行卡号】",
    "email": "【邮箱】",
    "plate": "【车牌】",
    "wechat": "【微信号】",
    "qq": "【QQ号】",
}


class Span(NamedTuple):
    """Offsets in the text as written and the kind of number (a key of LABELS)."""

    start: int
    end: int
    kind: str


_CHINESE = "零〇一壹幺二贰三叁四肆五伍六陆七柒八捌九玖"
_VALUES = "001112233445566778899"
_PLAIN = {ord(char): value for char, value in zip(_CHINESE, _VALUES, strict=True)}
_PLAIN |= {0xFF10 + value: str(value) for value in range(10)}  # full-width digits
_PLAIN |= {ord(full): half for full, half in zip("－—–‐－＠．（）＋　Ｘｘ：", "-----@.()+ Xx:", strict=True)}
_PLAIN |= {0xFF21 + offset: chr(65 + offset) for offset in range(26)}
_PLAIN |= {0xFF41 + offset: chr(97 + offset) for offset in range(26)}
_FULL_ONLY = {code: char for code, char in _PLAIN.items() if chr(code) not in _CHINESE}

_G = r"[ \-·._]{1,3}"  # between groups of digits
_S = r"[ \-·._,、]{1,2}"  # between single digits
_SERVICE = r"(?!(?:1[0-2][0-9]{3}|9[56][0-9]{3,4}|11[0-9]|12[0-2])(?![0-9]))"  # 12345, 10086, 95588, 110 are nobody's

_MOBILE = re.compile(
    r"(?<![0-9])(?:(?:\+|00)?86[ \-]?|0)?"
    rf"(?:1[3-9][0-9](?:[0-9]{{8}}|{_G}[0-9]{{8}}|(?:{_G})?[0-9]{{4}}{_G}[0-9]{{4}}|{_G}[0-9]{{3}}{_G}[0-9]{{5}}|[0-9]{_G}[0-9]{{4}}{_G}[0-9]{{3}}"
    rf"|[0-9]{_G}[0-9]{{7}}|[0-9]{{2}}{_G}[0-9]{{6}}|[0-9]{{2}}{_G}[0-9]{{3}}{_G}[0-9]{{3}})|1{_S}[3-9](?:{_S}[0-9]){{9}})(?![0-9])"
)
_ID = re.compile(r"(?<![0-9])[1-9](?:[ \-]?[0-9]){16}[ \-]?[0-9Xx](?![0-9A-Za-z])")
_OLD_ID = re.compile(r"(?:身份证|证件)[^0-9]{0,6}([0-9]{15})(?![0-9])")
_BANK = re.compile(
    r"(?<![0-9])(?=6[0289]|4|5[1-5]|35|9558|9111|940|955)[0-9]{4}(?:[ \-]?[0-9]){11,15}(?![0-9])"  # issuers' prefixes
)
_LANDLINE = re.compile(
    r"(?<![0-9])(?:\+86[ \-]?)?(?:\(0[1-9][0-9]{1,2}\)[ \-]?|0(?:10|2[0-9]|[3-9][0-9]{2})[ \-]?)"
    r"[2-8][0-9]{2,3}[ \-]?[0-9]{4}(?:(?:转|-)[0-9]{1,5})?(?![0-9])"
)
_LOCAL = re.compile(
    r"(?:电话|座机|固话|致电|拨打|联系方式|热线)(?:号码|号)?[是为:]{0,2} ?"
    r"((?!400|800)[2-8][0-9]{2,3}[ \-]?[0-9]{4})(?![0-9\-])"
)
_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}")
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_PROVINCES}][A-Za-z][·. \-]?"
    r"(?=[A-Za-z]{0,5}[0-9])(?:[A-HJ-NP-Za-hj-np-z0-9]{5,6}|[A-HJ-NP-Za-hj-np-z0-9]{4}[挂学警港澳])(?![A-Za-z0-9])"
)
_WECHAT = re.compile(
    r"(?:微信号?|[薇威]信|[vV]信|[vV][xX]|[wW][xX]|加[vV]|[wW]e[cC]hat)(?:号码?)?[是为 :]{0,3}"
    rf"({_SERVICE}(?:[A-Za-z][A-Za-z0-9_\-]{{5,19}}|[0-9]{{5,12}}))(?![A-Za-z0-9_])"
)
_QQ = re.compile(rf"(?:[Qq]{{2}}|扣扣|企鹅号)(?:号码?|群号?)?[是为 :]{{0,3}}({_SERVICE}[1-9][0-9]{{4,10}})(?![0-9])")

_MONEY_BEFORE = re.compile(r"(?:[¥￥$]|人民币|金额|价值|共计|合计) ?$")
_AMOUNT_AFTER = re.compile(r" ?(?:[多余]?[元块万亿]|吨|米|平方|公里|[人户次度斤](?![A-Za-z])|千克|公斤)")
_DOCUMENT_BEFORE = re.compile(
    r"(?:字第?|编号|单号|订单|案号|文号|信用代码|快递号?|许可证号?|批号|回执号?|受理号|登记号|发票号码?|合同号|税号|流水号|条码|序列号|No\.?)"
    r"[是为: ]{0,3}[A-Za-z]{0,4}$",
    re.IGNORECASE,
)

# What any number above needs at least: quick looks that spare most texts the eleven patterns.
_HINTS = (
    *("@", "＠", "微信", "薇信", "威信", "v信", "V信", "扣扣", "企鹅号", "QQ", "qq", "Qq", "加V", "加v"),
    *("VX", "Vx", "vX", "vx", "ＶＸ", "ｖｘ", "WX", "Wx", "wX", "wx", "eChat", "echat"),
)
_RUN = re.compile(r"[0-9０-９](?:[ 　\-－—–‐·._,、()（）]{0,3}[0-9０-９]){6}")
_PLATE_START = re.compile(rf"[{_PROVINCES}][A-Za-zＡ-Ｚ]")
_CHINESE_RUN = re.compile(
    rf"[{_CHINESE}][^\n]{{0,2}}[{_CHINESE}0-9０-９](?:[ 　\-－—–‐·._,、]{{0,2}}[{_CHINESE}0-9０-９]){{5}}"
)
_SPELLED = ("mobile", "id", "bank", "landline", "wechat", "qq")


def spans(text: str) -> list[Span]:
    """The personal numbers of a text, in order, never overlapping."""
    spelled = _CHINESE_RUN.search(text) is not None
    hinted = spelled or _RUN.search(text) or _PLATE_START.search(text) or any(hint in text for hint in _HINTS)
    if not hinted:
        return []
    found = _spans_of(text.translate(_FULL_ONLY))
    if spelled:
        found += [span for span in _spans_of(text.translate(_PLAIN)) if span.kind in _SPELLED]
    return _without_overlaps(found)


def mask(text: str) -> str:
    """The text with every personal number replaced by its kind in brackets; idempotent."""
    while found := spans(text):  # a number that touched another may show only now
        parts, last = [], 0
        for span in found:
            parts += [text[last : span.start], LABELS[span.kind]]
            last = span.end
        text = "".join((*parts, text[last:]))
    return text


def mask_post(post: Post) -> Post:
    """The post with title, text and reply masked; the same object if there was nothing to mask."""
    title, text = mask(post.title), mask(post.text)
    reply = post.reply and _mask_reply(post.reply)
    if title == post.title and text == post.text and reply == post.reply:
        return post
    return replace(post, title=title, text=text, reply=reply)


def _mask_reply(reply: Reply) -> Reply:
    return replace(reply, text=mask(reply.text))


def _spans_of(plain: str) -> list[Span]:
    """All candidates of one spelling, those of the surest kinds first."""
    found: list[Span] = []
    for kind, pattern, valid in _KINDS:
        for match in pattern.finditer(plain):
            group = match.lastindex or 0
            start, end = match.span(group)
            if valid(plain, start, end):
                found.append(Span(start, end, kind))
    return found


def _without_overlaps(found: list[Span]) -> list[Span]:
    """In order of place; of two that overlap the one found first stays."""
    kept: list[Span] = []
    for span in found:
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    return sorted(kept)


def _only_digits(words: str) -> str:
    return "".join(char for char in words if char.isascii() and (char.isdigit() or char in "Xx"))


def _always(plain: str, start: int, end: int) -> bool:
    return True


def _is_id(plain: str, start: int, end: int) -> bool:
    """GB 11643-1999: a birth date at its place and ISO 7064 MOD 11-2."""
    digits = _only_digits(plain[start:end]).upper()
    dated = "1900" <= digits[6:10] <= "2099" and "01" <= digits[10:12] <= "12" and "01" <= digits[12:14] <= "31"
    if not dated or len(digits) != 18:
        return False
    total = sum(int(digit) * (1 << (17 - place)) for place, digit in enumerate(digits[:17]))
    return "10X98765432"[total % 11] == digits[17] or "身份证" in plain[max(0, start - 12) : start]


def _is_bank_card(plain: str, start: int, end: int) -> bool:
    """The Luhn checksum (ISO/IEC 7812), and no word before it that makes it a document number."""
    digits = _only_digits(plain[start:end])
    if not digits.isdigit() or _DOCUMENT_BEFORE.search(plain[max(0, start - 12) : start]):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_phone(plain: str, start: int, end: int) -> bool:
    """No part of a document number, no sum."""
    before, after = plain[max(0, start - 12) : start], plain[end : end + 4]
    if _MONEY_BEFORE.search(before) or _AMOUNT_AFTER.match(after):
        return False
    return not _DOCUMENT_BEFORE.search(before)


Valid = Callable[[str, int, int], bool]
_KINDS: tuple[tuple[str, re.Pattern[str], Valid], ...] = (
    ("email", _EMAIL, _always),
    ("id", _ID, _is_id),
    ("id", _OLD_ID, _always),
    ("bank", _BANK, _is_bank_card),
    ("mobile", _MOBILE, _is_phone),
    ("landline", _LANDLINE, _is_phone),
    ("landline", _LOCAL, _always),
    ("plate", _PLATE, _always),
    ("wechat", _WECHAT, _always),
    ("qq", _QQ, _always),
)
