"""What the encoder reads of a post: its kind, its title and its text as one line, anonymous places blanked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from classify.clean import fold_all

KINDS: Mapping[str, str] = {
    "message": "留言",
    "hotline": "工单",
    "forum": "论坛",
    "social": "微博",
    "comment": "评论",
    "news": "新闻",
}
_ANONYMOUS = re.compile(r"[a-z]\d{0,3}(?=[市区县省镇乡村])|西地(?=省)")
_TITLE_ENDS = ("。", "!", "?", "；", ";")

At = tuple[Literal["title", "text"], int, int]
NOWHERE: At = ("text", 0, 0)  # of what was put in


@dataclass(frozen=True, slots=True)
class Line:
    """`at[i]`: the field, start and end of what its character i stands for in the post; NOWHERE for what was put in."""

    text: str
    at: list[At]


def read_line(title: str, text: str, kind: str, prefix: str) -> Line:
    """The prefix the encoder was trained with, the kind's word where the kind is known, title and text folded.

    Folded: lower case, plain Latin letters and digits, no invisible characters. Anonymous places (A市, B3区, 西地省) become
    某市, 某区, 某省: their letters mean nothing.
    """
    word = KINDS.get(kind)
    start = f"{prefix}{word + ': ' if word else ''}"
    head, body = _read_field(title, "title"), _read_field(text, "text")
    stop = "。" if head[0] and body[0] and not head[0].endswith(_TITLE_ENDS) else ""
    at = [NOWHERE] * len(start) + head[1] + [NOWHERE] * len(stop) + body[1]
    return Line(f"{start}{head[0]}{stop}{body[0]}", at)


def _read_field(text: str, field: Literal["title", "text"]) -> tuple[str, list[At]]:
    (folded,) = fold_all([text])
    at: list[At] = [(field, i, i + 1) for i in (folded.at or range(len(folded.text)))]
    parts: list[str] = []
    places: list[At] = []
    last = 0
    for found in _ANONYMOUS.finditer(folded.text):
        parts += [folded.text[last : found.start()], "某"]
        places += [*at[last : found.start()], (field, at[found.start()][1], at[found.end() - 1][2])]
        last = found.end()
    return "".join((*parts, folded.text[last:])), places + at[last:]


def read_texts(titles: Sequence[str], texts: Sequence[str], kinds: Sequence[str], prefix: str) -> list[str]:
    return [read_line(*one, prefix).text for one in zip(titles, texts, kinds, strict=True)]


def shorten(ids: Sequence[int], most: int) -> list[int]:
    """At most `most` tokens: the beginning and, where it is too long, the last quarter from its end."""
    if len(ids) <= most:
        return list(ids)
    tail = most // 4
    return [*ids[: most - tail], *ids[-tail:]]
