"""Which sentences of which posts are quoted as evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from alerts.notify.clean import clean_line, web_link
from alerts.notify.notice import Quote
from stream.messages import Judged

LENGTH = 110  # characters of one quote
_SENTENCE_END = re.compile(r"(?<=[。！？!?；;\n])")


def quotes_from(posts: Iterable[Judged], source_names: Mapping[str, str], limit: int = 3) -> tuple[Quote, ...]:
    """Up to `limit` quotes, of different sources where there are; a copy or set-aside post only for want of others."""
    ranked = sorted(posts, key=lambda item: bool(item.judgement.near_copy_of or item.judgement.set_aside))
    chosen: list[Judged] = []
    for item in (*_one_per_source(ranked), *ranked):
        if len(chosen) < limit and item not in chosen and _words(item):
            chosen.append(item)
    chosen = [item for item in chosen if not _is_copy(item)] or chosen[:1]
    return tuple(_quote(item, source_names) for item in chosen)


def telling_part(judged: Judged, length: int = LENGTH) -> str:
    """An exact piece of the post around the phrase that speaks loudest for severity or topic; "…" where it was cut."""
    text = _words(judged)
    if len(text) <= length:
        return text
    start = _sentence_start(text, _loudest(judged, text))
    piece = text[start : start + length]
    return f"{'…' if start else ''}{piece.strip()}{'…' if start + length < len(text) else ''}"


def _one_per_source(posts: Iterable[Judged]) -> list[Judged]:
    first: dict[str, Judged] = {}
    for item in posts:
        first.setdefault(item.post.source, item)
    return list(first.values())


def _is_copy(judged: Judged) -> bool:
    return bool(judged.judgement.near_copy_of or judged.judgement.set_aside)


def _words(judged: Judged) -> str:
    return clean_line(judged.post.text) or clean_line(judged.post.title)


def _loudest(judged: Judged, text: str) -> int:
    """Where in `text` the heaviest phrase stands; severity before topic; 0 if none is there."""
    reasons = [reason for reason in judged.judgement.reasons if reason.phrase and reason.field == "text"]
    reasons.sort(key=lambda reason: (not reason.answer.startswith("severity:"), -reason.weight))
    places = (text.find(clean_line(reason.phrase)) for reason in reasons)
    return next((place for place in places if place > 0), 0)


def _sentence_start(text: str, at: int) -> int:
    """The start of the sentence that `at` lies in, but never so early that `at` would be cut off."""
    starts = [0]
    for sentence in _SENTENCE_END.split(text)[:-1]:
        starts.append(starts[-1] + len(sentence))
    before = [start for start in starts if at - LENGTH // 2 <= start <= at]
    return before[0] if before else max(0, at - LENGTH // 4)


def _quote(judged: Judged, source_names: Mapping[str, str]) -> Quote:
    post = judged.post
    name = source_names.get(post.source, post.source)
    return Quote(post.id, telling_part(judged), clean_line(name), post.published_at, web_link(post.url))
