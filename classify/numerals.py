"""Numbers as people write them: 2.3亿, 十多万, 三十余, 近百, 数十, 1,200. Always the least that the words promise."""

from __future__ import annotations

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "两": 2,
    "〇": 0,
    "数": 2,
    "几": 2,
    "半": 0.5,
}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_MORE = str.maketrans("", "", "多余来约近,")

NUMBER = (
    r"(?:[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?|[一二三四五六七八九十百千两数几零〇]+)"
    r"(?:多|余|几|来)?[百千万亿]*(?:多|余|几|来)?"
)


def number(words: str) -> float | None:
    """The value of a folded numeral, None if it is none. "几十" counts 20, "十几" 10, "三五" 3: the least it can mean."""
    plain = words.translate(_MORE)
    if plain.endswith("几"):
        plain = plain[:-1]
    if not plain:
        return None
    if plain[0].isascii():
        return _arabic(plain)
    return _chinese(plain)


def _arabic(plain: str) -> float | None:
    digits = plain.rstrip("百千万亿几")
    try:
        value = float(digits)
    except ValueError:
        return None
    for char in plain[len(digits) :]:
        value *= _SMALL.get(char) or _LARGE.get(char) or 1
    return round(value, 2)


def _chinese(plain: str) -> float | None:
    total, section, digit = 0.0, 0.0, None
    for char in plain:
        if char in _DIGITS:
            digit = _DIGITS[char] if digit is None or digit == 0 else digit
        elif char in _SMALL:
            section += (1 if digit is None else digit) * _SMALL[char]
            digit = None
        elif char == "万":
            total += (section + (digit or 0) or 1) * _LARGE[char]
            section, digit = 0.0, None
        elif char == "亿":
            total = (total + section + (digit or 0) or 1) * _LARGE[char]
            section, digit = 0.0, None
        else:
            return None
    return total + section + (digit or 0)
