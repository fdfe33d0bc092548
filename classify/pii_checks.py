"""What tells a personal number from any other of its length: check digits, and the words before and after it."""

from __future__ import annotations

import re

from classify.pii_fold import BLANKS

_PROVINCES = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83"
_REGIONS = frozenset(_PROVINCES.split())
_BEFORE = 18  # characters before a number that are looked at

_PHONE_WORD = re.compile(
    r"(?:电话|手机|座机|固话|联系|号码|致电|拨打|打给|短信|来电|回电|回话|通话|微信|打我|找我|加我|[机联]系方式|[☎📞📱]"
    rf"|(?i:tel|phone|mobile|call|cell|vx|wx|qq|[^a-z][vt]))[^0-9\n。!?{BLANKS}]{{0,10}}$"
)
_ID_WORD = re.compile(rf"(?:身份证|证件号|证件|身份号|公民身份|身份信息)[^0-9{BLANKS}]{{0,12}}$")
_CARD_WORD = re.compile(
    rf"(?:银行卡|储蓄卡|借记卡|信用卡|工资卡|社保卡|一卡通|存折|[工农中建交商行]行卡|收款卡)[^0-9{BLANKS}]{{0,10}}$"
)
_PAYING_WORD = re.compile(
    rf"(?:卡|银行|账[号户]|帐[号户]|开户|[汇打转存](?:款|到|入|给)|收款|支行|分行)[^0-9{BLANKS}]{{0,12}}$"
)
_MONEY_BEFORE = re.compile(r"(?:[¥￥$]|人民币|金额|价值|共计|合计|总计|造价|总额|余额|[合总单]价)(?:为|是|:|约|达)? ?$")
_AMOUNT_AFTER = re.compile(
    r" ?(?:[多余]?(?:元|块[钱,。]?|万元|万[人户吨平亩辆块只个]|亿|美元|欧元|港币)|吨|平方|平米|㎡|立方|公[里斤顷]|千[克米瓦]|米|亩|人次"
    r"|kwh|km|度电|毫米|厘米|[mM]{2}|人(?=[,。;!、\s]|$)|[户只斤](?=[,。;!、\s]|$))"
)
_DOCUMENT_BEFORE = re.compile(
    r"(?:字第?|编号|单号|[订工]单|案号|文号|信用代码|快递号?|运单|许可证号?|批号|回执号?|受理号?|登记号?|发票(?:号码?|代码)?|合同号?|税号|流水号?"
    r"|条形?码|序列号|交易号|参考号|凭证号?|代码|学号|工号|卷号|标准号|备案号?|备字|考号|排队号|设备号|机身号|车架号|发动机号|IMEI|ISBN"
    r"|[户表证案文单批票序期档箱件柜货型图桩井杆][号码]|票据号?码?|ID|No\.?|№|#)(?:是|为|:|=)?[ :第(\[]{0,3}[A-Za-z]{0,6}-?$",
    re.IGNORECASE,
)
_CODE_BEFORE = re.compile(r"[A-Za-z]{2,}[\-_]?$|(?<![A-Za-z])[A-Z]-?$")
_KNOWN_LETTERS = re.compile(
    r"(?:tel|phone|mobile|call|cell|mob|no|number|vx|wx|qq|q|v|t|m|p|wechat|weixin|sj|dh)[\-_.]?$", re.IGNORECASE
)


def before(plain: str, start: int) -> str:
    return plain[max(0, start - _BEFORE) : start]


def says_phone(plain: str, start: int) -> bool:
    return _PHONE_WORD.search(before(plain, start)) is not None


def is_phone(plain: str, start: int, end: int) -> bool:
    """Neither a sum or an amount nor (part of) the number of a document."""
    words = before(plain, start)
    if _AMOUNT_AFTER.match(plain, end) or _MONEY_BEFORE.search(words):
        return False
    if _KNOWN_LETTERS.search(words):
        return True
    return not _DOCUMENT_BEFORE.search(words) and not _CODE_BEFORE.search(words)


def is_amount(plain: str, end: int) -> bool:
    return _AMOUNT_AFTER.match(plain, end) is not None


def is_day(digits: str) -> bool:
    """20261125: a day, not a number of eight digits."""
    return (
        len(digits) == 8 and "19" <= digits[:2] <= "20" and "01" <= digits[4:6] <= "12" and "01" <= digits[6:] <= "31"
    )


def is_id(plain: str, start: int, end: int) -> bool:
    """GB 11643-1999: a province, a birth date at its place and ISO 7064 MOD 11-2; or 18 digits that are called one."""
    digits = only_digits(plain[start:end])
    if _ID_WORD.search(before(plain, start)):
        return True
    if digits[:2] not in _REGIONS or not is_day(digits[6:14]) or _DOCUMENT_BEFORE.search(before(plain, start)):
        return False
    total = sum(int(digit) * (1 << (17 - place)) for place, digit in enumerate(digits[:17]))
    return "10X98765432"[total % 11] == digits[17]


def is_old_id(plain: str, start: int) -> bool:
    """Fifteen digits have no check digit: only what is called an identity card is one."""
    return _ID_WORD.search(before(plain, start)) is not None


def is_bank_card(plain: str, start: int, end: int, grouped: bool) -> bool:
    """The Luhn checksum (ISO/IEC 7812) and an issuer's prefix; or called a bank card. No document number."""
    digits, words = only_digits(plain[start:end]), before(plain, start)
    if _CARD_WORD.search(words):
        return True
    if not _issued(digits) or not luhn(digits) or is_amount(plain, end):
        return False
    if _PAYING_WORD.search(words):
        return True
    known = digits.startswith(("62", "9558"))
    return (known or not grouped) and not _DOCUMENT_BEFORE.search(words) and not _CODE_BEFORE.search(words)


def _issued(digits: str) -> bool:
    if digits.startswith(("62", "60", "65", "68", "69", "9558", "9111", "940", "955")):
        return True
    return len(digits) == 16 and digits.startswith(("4", "51", "52", "53", "54", "55", "35"))


def luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def only_digits(words: str) -> str:
    return "".join(char for char in words if "0" <= char <= "9" or char in "Xx").upper()
