"""new_term: a key word of at least `posts` independent posts about `alike` events within the window, `factor` times as many
as all of the `weeks` before had, and PER_EVENT posts an event.

Days are Shanghai's: the window is the days that `window_hours` before the watermark reach into. A word that all posts of one
event share is that event's news, which its own rules tell: hence `alike` of 2 or more. A word with an event of its own for
nearly every post is one that people happen to use: hence PER_EVENT. Words are those that the judgement gives with a post;
numbers and Latin words tell nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts.baseline import level_of
from alerts.ledger.tallies import Tallies, day_of
from alerts.rules_windows import MOST, WEEK, Finding, conditions_of
from configs.catalog import Rule

LEAST_HISTORY = 2 * WEEK
PER_EVENT = 2
_TELLING = re.compile(r"[\u4e00-\u9fff]{2,}")


def new_words(tallies: Tallies, rule: Rule, end: datetime) -> Iterator[Finding]:
    since = end - timedelta(hours=rule.window_hours)
    first = tallies.first_day()
    if not first or first > day_of(since - LEAST_HISTORY):
        return
    words = tallies.risen_words(day_of(since), day_of(since - rule.weeks * WEEK), rule.posts, rule.factor)
    for word, before in words.items():
        if _TELLING.fullmatch(word):
            yield from _new_word(tallies, rule, word, before, (since, end))


def _new_word(
    tallies: Tallies, rule: Rule, word: str, before: int, span: tuple[datetime, datetime]
) -> Iterator[Finding]:
    posts = tallies.with_word(word, conditions_of(rule), *span, MOST)
    events = len({one.event_id for one in posts})
    if len(posts) < max(rule.posts, rule.factor * before, PER_EVENT * events) or events < rule.alike:
        return
    figures = {"posts": len(posts), "events": events, "usual": before, "hours": rule.window_hours, "weeks": rule.weeks}
    reason = (
        f"“{word}”在 {rule.window_hours:g} 小时内见于 {events} 件事的 {len(posts)} 条信息，此前 {rule.weeks} 周"
        + (f"只有 {before} 条" if before else "没有出现过")
    )
    yield Finding(rule, {"word": word}, figures, reason, tuple(posts), level_of(len(posts), rule.posts))
