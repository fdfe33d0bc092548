"""What is no case for anyone: adverts and stock phrases of platforms. A complaint about an advert is a complaint.

The signs and their weights are in configs/lexicon.yaml; a sign counts once per post.
"""

from __future__ import annotations

import re
from functools import cache

from classify.clean import fold
from configs.lexicon import Adverts as Signs
from configs.lexicon import Sign, load_lexicon
from stream.messages import Post, Reason

LONGEST_TEMPLATE = 40  # characters; whoever writes more says something


class Adverts:
    """Reads the signs of the lexicon; build it once."""

    def __init__(self, signs: Signs) -> None:
        self._threshold, self._source = signs.threshold, signs.source
        self._advert, self._template, self._spared = map(_compiled, (signs.advert, signs.template, signs.spared))

    def look(self, post: Post) -> Reason | None:
        """A reason whose answer is `set_aside:advert` or `set_aside:template`; None where somebody may want something."""
        plain = fold(f"{post.title}\n{post.text}").text.strip()
        if len(plain) <= LONGEST_TEMPLATE and (found := self._found(plain, self._template)):
            return self._reason("template", found)
        found = self._found(plain, (*self._advert, *self._spared))
        return self._reason("advert", found) if found else None

    def _found(self, plain: str, signs: tuple[tuple[Sign, re.Pattern[str]], ...]) -> list[Sign]:
        """The signs that are there, if they reach the threshold together."""
        found = [sign for sign, pattern in signs if pattern.search(plain)]
        return found if sum(sign.weight for sign in found) >= self._threshold else []

    def _reason(self, kind: str, found: list[Sign]) -> Reason:
        rules = "、".join(sign.rule for sign in found if sign.weight > 0)
        return Reason(f"set_aside:{kind}", "", rule=rules, source=self._source)


def _compiled(signs: tuple[Sign, ...]) -> tuple[tuple[Sign, re.Pattern[str]], ...]:
    return tuple((sign, re.compile(sign.pattern)) for sign in signs)


@cache
def shipped_adverts() -> Adverts:
    return Adverts(load_lexicon().adverts or Signs(threshold=1, source=""))
