"""Numbers as people write them: 2.3亿, 十多万, 三十余, 近百, 数十, 1,200, 300w, 三万五, 百八十. Always the least that the words promise."""

from __future__ import annotations

import re
from functools import lru_cache

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "两": 2,
    "俩": 2,
    "仨": 3,
    "〇": 0,
    "数": 2,
    "几": 2,
    "半": 0.5,
}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_SIZES = _SMALL | _LARGE
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟廿卅wk", "一二三四五六七八九十百千念卌万千")
_MORE = str.maketrans("", "", "多余来约近好个儿,+")
_SPOKEN = {"百八十": 80.0, "千八百": 800.0, "万八千": 8000.0, "百十": 100.0}  # "a hundred or eighty"

NUMERALS = "0123456789.,一二三四五六七八九十百千两几数零〇万亿半俩仨廿卅壹贰叁肆伍陆柒捌玖拾佰仟wk余多来好儿+"
_ARABIC = r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?"
_HAN = "一二三四五六七八九十百千两几数零〇廿卅壹贰叁肆伍陆柒捌玖拾佰仟"
_SOME = r"(?:多|余|好?几|来|儿)?"
NUMBER = (
    rf"(?:{_ARABIC}{_SOME}[十百千万亿]*[wk]?(?:[0-9]+(?:[百千]万?|万)|(?<=万)[1-9](?![0-9.年月日号岁个天人名户家]))*"
    rf"|(?:[{_HAN}]|(?<=[上过近超约逾达])[万亿])(?:儿|[{_HAN}万亿])*{_SOME}[百千万亿]*|半(?=个亿)|[俩仨])"
    rf"{_SOME}(?:个多?(?=亿)亿)?\+?"
)
_AND_SOME = re.compile(r"(?<=.)几(?![十百千万亿])|(?<=[十百千])几")  # 二十几, 十几万
_OR_MORE = re.compile(r"(十几)[二三四五六七八九]十$")  # 十几二十
_ARABIC_PARTS = re.compile(r"([0-9]+(?:\.[0-9]+)?)([十百千万亿]*)")


@lru_cache(maxsize=4096)
def number(words: str) -> float | None:
    """The value of a folded numeral, None if it is none. "几十" counts 20, "十几" 10, "三五" 3: the least it can mean."""
    plain = words.translate(_FORMAL).replace("念", "二十").replace("卌", "三十").translate(_MORE)
    plain = _AND_SOME.sub("", _OR_MORE.sub(r"\1", plain))
    if not plain or plain in _SPOKEN:
        return _SPOKEN.get(plain)
    return _arabic(plain) if plain[0].isascii() else _chinese(plain)


def _arabic(plain: str) -> float | None:
    """12, 2.3亿, 1.2千万; in parts 3万5千 and, spoken, 3万5."""
    total, last, end = 0.0, 0.0, 0
    for part in _ARABIC_PARTS.finditer(plain):
        size = 1.0
        for char in part[2]:
            size *= _SIZES[char]
        if end and not part[2]:
            size = last / 10
        total += float(part[1]) * size
        last, end = size, part.end()
    return round(total, 2) if end and end == len(plain) else None


def _chinese(plain: str) -> float | None:
    """Digits and sizes; a last digit without a size is the next smaller size (三万五), digits alone stand one by one."""
    if all(char in _DIGITS for char in plain):
        return _digits(plain)
    total, section, digit, size = 0.0, 0.0, None, 0
    for place, char in enumerate(plain):
        if char in _DIGITS:
            digit = digit or _DIGITS[char]
            size = 0 if char in "零〇" else size
        elif char in _SMALL:
            section += (1 if digit is None else digit) * _SMALL[char]
            digit, size = None, _SMALL[char]
        elif char in _LARGE:
            below = section + (digit or 0)
            small = total and char == "亿"
            total = (
                (total + below or 1) * _LARGE[char] if small else total + (below or float(place == 0)) * _LARGE[char]
            )
            section, digit, size = 0.0, None, _LARGE[char]
        else:
            return None
    return total + section + (digit or 0) * (size // 10 if size >= 100 else 1)


def _digits(plain: str) -> float:
    """三五 is at least 3; 二〇二 and other rows of digits are read one by one."""
    if len(plain) < 3 and "〇" not in plain and "零" not in plain:
        return float(_DIGITS[plain[0]])
    values = [_DIGITS[char] for char in plain]
    if values == sorted(values) and len(set(values)) == len(values) and values[0]:
        return float(values[0])
    return float("".join(str(int(value)) for value in values))
