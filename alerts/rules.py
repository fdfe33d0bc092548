"""When an event becomes a case and when an office is told: the rules of configs/rules.yaml that look at one event.

A rule is only tried when one of the new posts meets its conditions. It counts the posts of the event that meet those
that a linked post can be held against (source, intent, severity).

    grave      one new post of at least `severity`
    threshold  `posts` posts of `sources` sources within `window_hours` before the event's newest post; a near copy from
               a source that told it already does not count: one person posting the same text again is one complaint
    growth     `posts` posts within `window_hours` before now, and `factor` times as many as in the window before that
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any

from alerts.match import matches, subject_of_post
from alerts.model import Event, EventPost
from configs.catalog import Match, Rule
from stream.messages import Judged


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that holds. `figures` are the numbers that made it hold; `reason` is a Chinese sentence; `posts` show it.

    `level` is 1 where the rule's number is just reached, one more for each doubling.
    """

    rule: Rule
    figures: Mapping[str, Any]
    reason: str
    posts: tuple[str, ...]
    level: int = 1


SHOWN = 20  # post ids that an alert carries


def fired(
    rules: Sequence[Rule], event: Event, posts: Sequence[EventPost], new: Sequence[Judged], now: datetime
) -> list[Firing]:
    """The rules that hold, in their order.

    Args:
        posts: the event's posts, new ones included, at least from `counts_from` on.
        new: what has just come in of this event (no backfill).
    """
    found = [_TESTS[rule.kind](rule, event, posts, new, now) for rule in of_events(rules)]
    return [firing for firing in found if firing]


def of_events(rules: Iterable[Rule]) -> list[Rule]:
    """Those that are on and are tried when an event gets new posts; the others: `alerts/rules_tick.py`."""
    return [rule for rule in rules if rule.enabled and rule.kind in _TESTS]


def counts_from(rules: Iterable[Rule], event: Event, now: datetime) -> datetime:
    """From when on the rules count posts of the event."""
    hours = max((rule.window_hours * 2 for rule in of_events(rules) if rule.kind != "grave"), default=0)
    return min(now, event.last_seen) - timedelta(hours=hours)


def counts_posts(rules: Iterable[Rule], event: Event) -> bool:
    """Whether the event has posts enough for any rule that counts them."""
    return event.posts >= counted_from(rules)


def counted_from(rules: Iterable[Rule]) -> float:
    """How many posts an event needs for any rule that counts them; infinitely many where there is none."""
    return min((rule.posts for rule in of_events(rules) if rule.kind != "grave"), default=inf)


def _grave(rule: Rule, event: Event, posts: Sequence[EventPost], new: Sequence[Judged], now: datetime) -> Firing | None:
    grave = list(_triggers(rule, [one for one in new if one.judgement.severity >= rule.severity]))
    if not grave:
        return None
    worst = max(grave, key=lambda one: one.judgement.severity_score)
    figures = {"severity": worst.judgement.severity, "limit": rule.severity}
    reason = f"{rule.name}: 单条信息严重程度 {worst.judgement.severity} 级 (规则为 {rule.severity} 级及以上)"
    return Firing(rule, figures, reason, tuple(one.post.id for one in grave[:SHOWN]))


def _threshold(
    rule: Rule, event: Event, posts: Sequence[EventPost], new: Sequence[Judged], now: datetime
) -> Firing | None:
    if min(event.posts, len(posts)) < rule.posts or not _is_tried(rule, new):
        return None
    end = min(now, event.last_seen)
    counted = _distinct(_between(rule, event, posts, end - timedelta(hours=rule.window_hours), end))
    sources = len({post.source for post in counted})
    if len(counted) < rule.posts or sources < rule.sources:
        return None
    figures = {"posts": len(counted), "sources": sources, "hours": rule.window_hours, "limit": rule.posts}
    reason = (
        f"{rule.name}: {rule.window_hours:g} 小时内 {len(counted)} 条信息、{sources} 个来源 (规则为 {rule.posts} 条)"
    )
    return Firing(rule, figures, reason, _ids(counted), _level(len(counted), rule.posts))


def _growth(
    rule: Rule, event: Event, posts: Sequence[EventPost], new: Sequence[Judged], now: datetime
) -> Firing | None:
    if min(event.posts, len(posts)) < rule.posts or not _is_tried(rule, new):
        return None
    window = timedelta(hours=rule.window_hours)
    counted = _between(rule, event, posts, now - window, now)
    before = len(_between(rule, event, posts, now - 2 * window, now - window))
    if len(counted) < rule.posts or len(counted) < rule.factor * before:
        return None
    figures = {"posts": len(counted), "baseline": before, "hours": rule.window_hours, "limit": rule.posts}
    reason = f"{rule.name}: 最近 {rule.window_hours:g} 小时新增 {len(counted)} 条，此前同样时长 {before} 条"
    return Firing(rule, figures, reason, _ids(counted), _level(len(counted), rule.posts))


Test = Callable[[Rule, Event, Sequence[EventPost], Sequence[Judged], datetime], Firing | None]
_TESTS: Mapping[str, Test] = {"grave": _grave, "threshold": _threshold, "growth": _growth}


def _triggers(rule: Rule, new: Iterable[Judged]) -> Iterator[Judged]:
    return (one for one in new if matches(rule.match, subject_of_post(one)))


def _is_tried(rule: Rule, new: Iterable[Judged]) -> bool:
    return next(_triggers(rule, new), None) is not None


def _between(rule: Rule, event: Event, posts: Sequence[EventPost], start: datetime, end: datetime) -> list[EventPost]:
    """Posts with start < at <= end that count, in the order given."""
    return [post for post in posts if start < post.at <= end and _counts(rule.match, post)]


def _counts(match: Match, post: EventPost) -> bool:
    return (
        post.severity >= match.severity_min
        and (not match.intents or not post.intent or post.intent in match.intents)
        and (not match.sources or post.source in match.sources)
    )


def _distinct(posts: Sequence[EventPost]) -> list[EventPost]:
    """Without the near copies from a source that told it already."""
    originals = [post for post in posts if not post.near_copy]
    told = {post.source for post in originals}
    spread = {post.source: post for post in posts if post.near_copy and post.source not in told}
    return [*originals, *spread.values()]


def _ids(posts: Sequence[EventPost]) -> tuple[str, ...]:
    return tuple(post.post_id for post in posts[:SHOWN])


def _level(count: int, limit: int) -> int:
    return (count // limit).bit_length()
