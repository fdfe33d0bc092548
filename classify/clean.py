"""Cleaning: one folded form of a text in which every character still stands where it stood. Only for matching.

NFKC (Unicode annex 15) may change a text's length; reasons must point into the text as written. So characters are folded
one by one: to their NFKC lower-case form where that is one character, traditional to simplified, letters that only look
Latin to Latin, radicals to the characters they look like; to nothing where they are invisible; else kept (emoji are).
Single marks that break a word fall out as well: 欠.薪, 农/民/工.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from classify.simplified import PAIRS

Codes = NDArray[np.uint32]
Index = NDArray[np.int64]

DROPPED = 0  # the table's value of an invisible character
BMP = 0x10000
_IDEOGRAPHS = range(0x4E00, 0xA000)  # unchanged by NFKC, and most of every text
_PUNCTUATION = str.maketrans({"，": ",", "。": "。", "“": '"', "”": '"', "‘": "'", "’": "'", "—": "-", "–": "-"})
_LIKE = dict(  # letters of other scripts that look like Latin ones
    zip(
        "АВЕКМНОРСТХУІЈЅԚԜѴӀаеорсухіјѕԁԛԝѵӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧαοριυκχνᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡᴢ",
        "abekmhopctxyijsqwvlaeopcyxijsdqwvlabezhikmnoptyxaopiukxvabcdeghijklmnoprtuvwz",
        strict=True,
    )
)
_RADICALS = dict(
    zip(
        "⺠⻓⻋⻅⻉⻔⻙⻚⻛⻜⻝⻢⻥⻦⻧⻨⻩⻬⻮⻰⻳⺸⺮⻄⻆⻘⻤⻣",
        "民长车见贝门韦页风飞食马鱼鸟卤麦黄齐齿龙龟羊竹西角青鬼骨",
        strict=True,
    )
)
_INVISIBLE = "\ufe0e\ufe0f\u3164\u115f\u1160\uffa0\u2800"
_STRUCK = (  # combining marks of Latin, Greek and Cyrillic, the strokes and circles set over any character
    range(0x300, 0x370), range(0x483, 0x48A), range(0x1AB0, 0x1B00), range(0x1DC0, 0x1E00), range(0x20D0, 0x2100),
    range(0xFE20, 0xFE30), range(0xE0100, 0xE01F0),
)  # fmt: skip
_HAN, _MARK = 1, 2
_MARKS = "./|\\_-~^+=*#`'·•‧∙･"
_COUNTED = "零一二三四五六七八九十百千万亿两几"  # 一.停水 is the first of a list


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` is the folded form; `at[i]` is where its character i stood in the original (None: the same place)."""

    text: str
    at: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's (start, end) of a span of the folded text."""
        if self.at is None or start >= end:
            return start, end
        return self.at[start], self.at[end - 1] + 1


@cache
def table() -> Codes:
    """Code point (BMP) -> folded code point, uint32 of shape (65536,); 0 where the character is invisible."""
    codes = np.arange(BMP, dtype=np.uint32)
    for code in range(BMP):
        if code not in _IDEOGRAPHS and not 0xD800 <= code < 0xE000:
            codes[code] = _fold_one(chr(code))
    for traditional, simplified in PAIRS.items():
        codes[codes == ord(traditional)] = ord(simplified)
    codes.flags.writeable = False
    return codes


@cache
def chars_table(chars: str) -> NDArray[np.bool_]:
    """Code point (BMP) -> whether it is one of `chars`, shape (65536,)."""
    found = np.zeros(BMP, np.bool_)
    found[[ord(char) for char in chars]] = True
    found.flags.writeable = False
    return found


@cache
def _fold_one(char: str) -> int:
    if char in "\t\n\r\v\f\x85\u2028\u2029":
        return ord(" ")
    if unicodedata.category(char) in ("Cc", "Cf") or char in _INVISIBLE or any(ord(char) in part for part in _STRUCK):
        return DROPPED
    if like := _LIKE.get(char) or _RADICALS.get(char):
        return ord(like)
    folded = unicodedata.normalize("NFKC", char).translate(_PUNCTUATION).lower()
    return ord(folded) if len(folded) == 1 else ord(char)


def code_points(text: str) -> Codes:
    """The text's code points, uint32 of shape (len(text),); a lone surrogate counts as U+FFFD."""
    return np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)


def fold_codes(codes: Codes) -> Codes:
    """Folded code points of the same shape (0: invisible)."""
    if not codes.size or codes.max() < BMP:
        return table()[codes]
    folded = table()[np.minimum(codes, BMP - 1)]
    high = np.flatnonzero(codes >= BMP)
    folded[high] = [_fold_one(chr(code)) for code in codes[high].tolist()]
    return folded


def breaks(codes: Codes, ends: Sequence[int]) -> list[int]:
    """Places of single marks that break a word: Han characters on both sides that make a word together, or a row of such
    characters, all with the same mark between. `codes`: folded, without invisible ones; `ends`: where each text ends."""
    kind = _kinds()[np.minimum(codes, BMP - 1)]
    marks = np.flatnonzero((kind[1:-1] == _MARK) & (kind[:-2] == _HAN) & (kind[2:] == _HAN)) + 1
    if not marks.size:
        return []
    places = set(marks.tolist())
    return [place for place in sorted(places) if _breaks(codes, place, places, ends)]


def _breaks(codes: Codes, place: int, places: set[int], ends: Sequence[int]) -> bool:
    text = bisect_right(ends, place)
    first, last = (ends[text - 1] if text else 0), ends[text]
    if not first < place < last - 1:
        return False
    for other in (place - 2, place + 2):
        if other in places and codes[other] == codes[place] and first < other < last - 1:
            return True
    before, after = chr(codes[place - 1]), chr(codes[place + 1])
    return before not in _COUNTED and _is_word(before + after)


@cache
def _is_word(pair: str) -> bool:
    from classify.segment import is_word

    return is_word(pair)


@cache
def _kinds() -> NDArray[np.uint8]:
    kinds = np.zeros(BMP, np.uint8)
    kinds[_IDEOGRAPHS.start : _IDEOGRAPHS.stop] = _HAN
    kinds[[ord(char) for char in _MARKS]] = _MARK
    return kinds


def fold_all(texts: Sequence[str]) -> list[Folded]:
    """Every text folded, in one pass over the whole batch."""
    folded = fold_codes(code_points("".join(texts)))
    kept = np.flatnonzero(folded)
    ends = np.cumsum([0, *map(len, texts)])
    bounds = np.searchsorted(kept, ends)
    if len(kept) > 2 and (broken := breaks(folded[kept], bounds[1:].tolist())):
        kept = np.delete(kept, broken)
        bounds = np.searchsorted(kept, ends)
    plain = folded[kept].tobytes().decode("utf-32-le", "replace")
    whole = (np.diff(bounds) == np.diff(ends)).tolist()
    spans = zip(bounds.tolist(), bounds[1:].tolist(), ends.tolist(), whole, strict=False)
    return [
        Folded(plain[first:last], None if same else tuple((kept[first:last] - start).tolist()))
        for first, last, start, same in spans
    ]


def fold_words(text: str) -> Folded:
    """As `fold`, but for punctuation and full-width marks: quick where nothing in the text is odd, as in most."""
    odd, mark = _odd()
    return fold(text) if odd.search(text) or mark.search(text) else Folded(text.lower())


@cache
def _odd() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What lower case does not fold: invisible, full-width, traditional and look-alike characters; a mark before Han."""
    codes = [code for code, folded in enumerate(table().tolist()) if code > 0x7F and _is_odd(chr(code), folded)]
    marks = "".join(map(re.escape, _MARKS))
    return re.compile(f"[{''.join(map(chr, codes))}\U00010000-\U0010ffff]"), re.compile(
        rf"[{marks}](?<=[一-鿿].)(?=[一-鿿])"
    )


def _is_odd(char: str, folded: int) -> bool:
    if 0xD800 <= ord(char) < 0xE000 or char.lower() == chr(folded):
        return len(char.lower()) != 1
    return folded == DROPPED or chr(folded).isalnum() or char.lower() != char


def fold(text: str) -> Folded:
    """One text folded; invisible characters fall out and the places of the others are kept."""
    return fold_all([text])[0]
