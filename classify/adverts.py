"""What is no case for anyone: adverts and posts without a word of their own. A complaint about an advert is a complaint.

The signs of configs/lexicon.yaml are words; their weights add up, and those that speak of a grievance weigh against.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Literal

from classify.clean import fold, fold_words
from classify.names import Names
from configs.lexicon import Adverts, Sign, load_lexicon
from stream.messages import Judgement, Post, Reason

Kind = Literal["advert", "template", ""]
Field = Literal["title", "text"]
Hits = list[tuple[Field, int, str]]

ADVERT, TEMPLATE = "set_aside:advert", "set_aside:template"
SOURCE = "configs/lexicon.yaml"
_WANTS = frozenset(("complaint", "help", "report"))
_SURE = 0.8  # a post that the model is so sure somebody complains in is no advert whatever its words
_MUCH = 1000  # characters read; an advert says what it sells at its beginning
_NO_WORD = re.compile(r"[\W_]+")
_EMPTY = "没有文字"
_STOCK = "整条只有平台套话"


class AdvertReader:
    """Reads posts by the lists of the lexicon; build it once."""

    def __init__(self, adverts: Adverts | None = None) -> None:
        rules = adverts or load_lexicon().adverts
        self._signs = rules.signs
        self._threshold = rules.threshold
        self._templates = frozenset(_NO_WORD.sub("", fold(text).text) for text in rules.templates)
        self._sign_of = {fold(word).text: sign for sign in rules.signs for word in sign.words}
        self._finder = Names(self._sign_of)

    def set_aside(self, post: Post, judgement: Judgement | None = None) -> tuple[Kind, tuple[Reason, ...]]:
        """Why a post is no case ("" if it may be one), with the signs that said so.

        Where the model is sure of a complaint, a cry for help or a report, nothing is set aside.
        """
        if len(post.text) <= 20 and (rule := self._nothing_said(post)):
            return "template", (Reason(TEMPLATE, "", rule=rule, source=SOURCE),)
        if judgement and judgement.intent.key in _WANTS and judgement.intent.score >= _SURE:
            return "", ()
        found = self._signs_of(post)
        if sum(_weight(sign, found[sign.key]) for sign in self._signs if sign.key in found) < self._threshold:
            return "", ()
        return "advert", tuple(_reason(post, sign, found[sign.key]) for sign in self._signs if sign.key in found)

    def _nothing_said(self, post: Post) -> str:
        """The rule if the post says nothing. A title is a word of its own, unless it repeats a stock phrase."""
        words, head = (_NO_WORD.sub("", fold_words(part).text) for part in (post.text, post.title))
        if head and head not in self._templates:
            return ""
        if not words and not head:
            return _EMPTY
        return _STOCK if words in self._templates or not words else ""

    def _signs_of(self, post: Post) -> dict[str, Hits]:
        """Key of each sign that counts -> where its words stand in the folded field."""
        hits: defaultdict[str, Hits] = defaultdict(list)
        for at, word in self._finder.find(fold_words(post.title).text):
            hits[self._sign_of[word].key].append(("title", at, word))
        for at, word in self._finder.find(fold_words(post.text[:_MUCH]).text):
            hits[self._sign_of[word].key].append(("text", at, word))
        return {sign.key: hits[sign.key] for sign in self._signs if len(hits.get(sign.key, ())) >= sign.at_least}


def _weight(sign: Sign, hits: Hits) -> float:
    several = sign.weight > 0 and len({word for *_, word in hits}) > 1
    return sign.weight + (1 if several else 0)


def _reason(post: Post, sign: Sign, hits: Hits) -> Reason:
    """With the sign's first word as it is written."""
    field, at, word = hits[0]
    written = post.title if field == "title" else post.text[:_MUCH]
    start, end = fold_words(written).span(at, at + len(word))
    return Reason(ADVERT, written[start:end], field, start, end, _weight(sign, hits), sign.rule, SOURCE)
