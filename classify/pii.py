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

_GAP = r"[ \-·.]{0,2}"
_LEFT = r"(?<![0-9A-Za-z])"
_RIGHT = r"(?![0-9])"


def _digits(count: str) -> str:
    return rf"(?:[0-9]{_GAP}){{{count}}}"


_MOBILE = re.compile(rf"(?<![0-9])(?:(?:\+|00)?86{_GAP}|0)?1{_GAP}[3-9]{_GAP}{_digits('8')}[0-9]{_RIGHT}")
_ID = re.compile(rf"(?<![0-9]){_digits('17')}[0-9Xx](?![0-9A-Za-z])")
_OLD_ID = re.compile(r"(?<=身份证)[^0-9]{0,6}([0-9]{15})(?![0-9])")
_BANK = re.compile(rf"(?<![0-9])[3-69]{_GAP}{_digits('14,17')}[0-9]{_RIGHT}")
_LANDLINE = re.compile(
    r"(?<![0-9])(?:\(0[1-9][0-9]{1,2}\)[ \-]?|(?:\+86[ \-]?)?0(?:10|2[0-9]|[3-9][0-9]{2})[ \-]?)[2-8][0-9]{6,7}(?:(?:转|-)[0-9]{1,5})?(?![0-9])"
)
_LOCAL = re.compile(
    r"(?:电话|座机|固话|致电|拨打|联系方式|热线)(?:号码|号)?[是为:]{0,2} ?([2-8][0-9]{2,3}[ \-]?[0-9]{4})(?![0-9])"
)
_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·. \-]?(?:[A-HJ-NP-Z0-9]{5}[挂学警]?|[A-HJ-NP-Z0-9]{6})(?![A-Za-z0-9])"
)
_WECHAT = re.compile(
    r"(?:微信号?|薇信|威信|v信|V信|VX|vx|Vx|wx|WX|加[vV]|wechat|WeChat)(?:号码?)?[是为 :]{0,3}([A-Za-z][A-Za-z0-9_\-]{4,19}|[0-9]{5,12})(?![A-Za-z0-9_])"
)
_QQ = re.compile(r"(?:QQ|qq|Qq|扣扣|企鹅号)(?:号码?|群)?[是为 :]{0,3}([1-9][0-9]{4,10})(?![0-9])")
# What any number above needs at least; one quick pass spares most texts the eleven others.
_WORTH_A_LOOK = re.compile(
    r"(?:[0-9０-９][ 　\-－—–‐·.()（）]{0,2}){7}|[@＠]|[A-ZＡ-Ｚ][·. \-]?[A-ZＡ-Ｚ0-9０-９]{5}"
    rf"|[{_CHINESE}0-9０-９](?:[ 　\-－—–‐·]{{0,2}}[{_CHINESE}0-9０-９]){{9}}"
    r"|微信|[薇威]信|[VvＶｖ][Xx信]|[Ww][Xx]|[加][Vvw]|[Ww]e[Cc]hat|[Qq][Qq]|扣扣|企鹅号"
)
_CHINESE_RUN = re.compile(rf"[{_CHINESE}](?:.?.?[{_CHINESE}0-9]){{5}}")

_MONEY_BEFORE = re.compile(r"(?:[¥￥$]|人民币|金额|价值|共计|合计) ?$")
_AMOUNT_AFTER = re.compile(r" ?(?:元|块|万|亿|吨|米|平方|公里|人|户|次|度|斤|千克|公斤)")
_DOCUMENT_BEFORE = re.compile(
    r"(?:字第?|编号|单号|工单号?|订单号?|案号|文号|信用代码|运单号?|快递号?|许可证号?|批号|回执号?|受理号|登记号|发票号码?|合同号|税号|流水号|No\.?)[是为: ]{0,3}[A-Za-z]{0,4}$",
    re.I,
)


def spans(text: str) -> list[Span]:
    """The personal numbers of a text, in order, never overlapping."""
    if not _WORTH_A_LOOK.search(text):
        return []
    found = _spans_of(text.translate(_FULL_ONLY))
    if _CHINESE_RUN.search(text):
        found += [
            span
            for span in _spans_of(text.translate(_PLAIN))
            if span.kind in ("mobile", "id", "bank", "landline", "wechat", "qq")
        ]
    return _without_overlaps(found)


def mask(text: str) -> str:
    """The text with every personal number replaced by its kind in brackets; idempotent."""
    found = spans(text)
    if not found:
        return text
    parts, last = [], 0
    for span in found:
        parts += [text[last : span.start], LABELS[span.kind]]
        last = span.end
    return "".join((*parts, text[last:]))


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
    if len(digits) != 18 or not (
        "1900" <= digits[6:10] <= "2099" and "01" <= digits[10:12] <= "12" and "01" <= digits[12:14] <= "31"
    ):
        return False
    total = sum(int(digit) * (1 << (17 - place)) for place, digit in enumerate(digits[:17]))
    return "10X98765432"[total % 11] == digits[17] or plain[max(0, start - 12) : start].find("身份证") >= 0


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
    ("mobile", _MOBILE, _is_phone),
    ("bank", _BANK, _is_bank_card),
    ("landline", _LANDLINE, _is_phone),
    ("landline", _LOCAL, _always),
    ("plate", _PLATE, _always),
    ("wechat", _WECHAT, _always),
    ("qq", _QQ, _always),
)
