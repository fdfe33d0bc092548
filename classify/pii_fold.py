"""A text in which a number written around stands plainly: same order, each character at most one, places kept.

Full-width, circled, mathematical and keycap digits become 0 to 9; zero-width and combining marks fall out; dashes, dots
and spaces become one of each kind. Chinese digits are read by `spelled`, as they are words too (一直, 三天).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

BLANKS = "\ue000-\ue0ff"  # private-use characters: what stands for something that is masked already
BLANK = "\ue000"
GAP = rf"(?:[^\w\n{BLANKS}]|_)"  # a character that may separate the digits of one number

CHINESE = "零〇一壹弌幺么二贰貳弍两三叁參弎四肆五伍六陆陸七柒八捌九玖洞拐勾○◯⚪⭕"
_VALUES = "001111122222333344556667788990790000"
_SPELLED = {ord(char): value for char, value in zip(CHINESE, _VALUES, strict=True)}
_ALIKE = {ord(char): value for char, value in zip("oOlI|", "00111", strict=True)}
_WORD = re.compile(r"[一两三四五六七八九](?=[直个次下般定起样切旦边共周天年月日点号楼层单栋幢室户名位条十百千万亿])")
_DASH = re.compile(r"[一ー](?=[0-9])(?<=[0-9].)")
_ODD = re.compile(r"[^\u4e00-\u9fff\n -~]")
_LOOKS_ALIKE = re.compile(r"[0-9][oOlI|][0-9oOlI|]|[lI|][3-9][0-9oO]{3}")
_MARKS = dict.fromkeys("−﹣～~⁓", "-") | dict.fromkeys("•・‧∙●⋅", "·")
_MARKS |= {"О": "O", "Ο": "O", "о": "o", "ο": "o", "\u2800": " ", "\u3164": "", "\uffa0": "", "\u115f": ""}

# All that may be a digit of a number, as a regular expression's class.
DIGITS = "0-9０-９①-⑨⓪⓿⑴-⑼⒈-⒐❶-❾➀-➈➊-➒⓵-⓽⁰¹²³⁴-⁹₀-₉𝟎-𝟿🄀-🄊٠-٩۰-۹㈠-㈨㊀-㊈"
ANY_DIGIT = f"{DIGITS}{CHINESE}"


class Plain(NamedTuple):
    """`text` is the plain form; `at[i]` is where its character i stood (None: the same place); `size` of the original."""

    text: str
    at: Sequence[int] | None
    size: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's (start, end), with the marks that follow the last character (the frame of a keycap)."""
        if self.at is None:
            return start, end
        return self.at[start], self.at[end] if end < len(self.at) else self.size


class _Table(dict[int, str]):
    """Code point -> what it stands for ("": nothing), learned as characters come."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _plain_one(chr(code))
        return found


def _plain_one(char: str) -> str:
    if char in _MARKS:
        return _MARKS[char]
    category = unicodedata.category(char)
    if char in "\n\r\v\f\x85" or category in ("Zl", "Zp"):
        return "\n"
    if category == "Zs" or char == "\t":
        return " "
    if category in ("Cc", "Cf", "Mn", "Me"):
        return ""
    if category == "Pd":
        return "-"
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    folded = unicodedata.normalize("NFKC", char)
    return folded if len(folded) == 1 else char


_TABLE = _Table()


def plain_of(text: str) -> Plain:
    plain = _ODD.sub(lambda match: _TABLE[ord(match.group())], text)
    if len(plain) == len(text):
        return Plain(plain, None, len(text))
    return Plain(plain, [place for place, char in enumerate(text) if _TABLE[ord(char)]], len(text))


def readings(plain: str) -> list[str]:
    """The plain text in every way in which its digits may be meant, of the same length; the plainest first."""
    found = [_DASH.sub("-", plain)]
    if any(_CHINESE_DIGIT.search(run.group()) for run in _ANY_RUN.finditer(plain)):
        found += [plain.translate(_SPELLED), _WORD.sub(BLANK, plain).translate(_SPELLED)]
    if _LOOKS_ALIKE.search(plain):
        found.append(plain.translate(_SPELLED | _ALIKE))
    return list(dict.fromkeys(found))


_ANY_RUN = re.compile(rf"[{CHINESE}0-9](?:{GAP}{{0,3}}[{CHINESE}0-9]){{4,}}")
_CHINESE_DIGIT = re.compile(f"[{CHINESE}]")


def blank(plain: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with these spans blanked out, of the same length."""
    parts, last = [], 0
    for start, end in sorted(spans):
        parts += [plain[last:start], BLANK * (end - start)]
        last = end
    return "".join((*parts, plain[last:]))
