"""Rules of counts in time windows: what stands out from what is usual, by topic, county, source or severity.

    spike      at least `posts` posts of a group within `window_hours`, more than usual in the same hours of the same
               weekday over the past `weeks` (alerts/baseline.py), `alike` of them about one event
    sentiment  at least `posts` posts, and a share of negative ones that stands out from that of the past `weeks`, `alike` of
               them about one event; a negative post counts as one from `match.severity_min` on, all posts are what it is a share of

The window ends at the watermark, the time of the newest live post: what comes late, after the window has moved on, and what
was filled in from history counts into what is usual and sets off nothing. Near copies count nowhere. A week in which
nothing at all came in is no week; with fewer than LEAST_WEEKS weeks of history no rule holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.baseline import Usual, level_of, surge, usual
from alerts.ledger.tallies import Conditions, Key, Sum, Tallies, Tally, hour_of
from configs.catalog import Rule

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
LEAST_WEEKS = 4
MOST = 500  # posts of a group that are looked at
SHOWN = 20  # post ids that an alert carries


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule holds for a group. `group`: what its key words are; `reason` is a Chinese sentence without the rule's name."""

    rule: Rule
    group: Mapping[str, str]
    figures: Mapping[str, Any]
    reason: str
    posts: tuple[Tally, ...]
    level: int
    title: str = ""

    @property
    def name(self) -> str:
        return "|".join(f"{name}={value}" for name, value in self.group.items())

    @property
    def shown(self) -> tuple[str, ...]:
        """Post ids, those of the largest event first."""
        sizes = Counter(one.event_id for one in self.posts)
        ordered = sorted(self.posts, key=lambda one: (-sizes[one.event_id], one.event_id, one.at, one.post_id))
        return tuple(one.post_id for one in ordered[:SHOWN])

    @property
    def event(self) -> tuple[str, int]:
        """The event that most of the posts are of, and how many of them."""
        return max(Counter(one.event_id for one in self.posts).items(), key=lambda item: (item[1], item[0]))


def conditions_of(rule: Rule) -> Conditions:
    match = rule.match
    return Conditions(match.topics, match.regions, match.sources, match.severity_min)


def spikes(tallies: Tallies, rule: Rule, end: datetime) -> Iterator[Finding]:
    """The groups that the rule holds for at the watermark `end`."""
    which, since = conditions_of(rule), end - timedelta(hours=rule.window_hours)
    groups = tallies.window(rule.by, which, since, end, rule.posts)
    if not groups:
        return
    weeks = past_weeks(tallies, rule, end)
    if len(weeks) < LEAST_WEEKS:
        return
    past = [tallies.counted(rule.by, which, *week) for week in weeks]
    for key, found in sorted(groups.items()):
        before = usual([week[key].posts if key in week else 0 for week in past])
        if found.posts > before.limit(rule.deviations):
            yield from _spike(tallies, rule, key, found, before, len(weeks), (since, end))


def _spike(
    tallies: Tallies, rule: Rule, key: Key, found: Sum, before: Usual, weeks: int, span: tuple[datetime, datetime]
) -> Iterator[Finding]:
    group: dict[str, str] = dict(zip(rule.by, key, strict=True))
    posts = tallies.posts(group, conditions_of(rule), *span, MOST)
    limit = max(before.limit(rule.deviations), rule.posts)
    figures = {
        "posts": found.posts,
        "usual": before.median,
        "mad": before.mad,
        "limit": round(limit, 1),
        "weeks": weeks,
        "hours": rule.window_hours,
    }
    finding = Finding(rule, group, figures, "", tuple(posts), level_of(found.posts, limit))
    _, alike = finding.event
    if alike < rule.alike:
        return
    reason = (
        f"{rule.window_hours:g} 小时内 {found.posts} 条，过去 {weeks} 周同一时段中位数 {before.median:g} 条 "
        f"(偏差 {before.mad:g})，超过界限 {limit:.1f} 条" + (f"；其中 {alike} 条反映同一件事" if alike > 1 else "")
    )
    yield Finding(rule, group, {**figures, "alike": alike}, reason, finding.posts, finding.level)


def sentiment_surges(tallies: Tallies, rule: Rule, end: datetime) -> Iterator[Finding]:
    """The groups whose share of negative posts stands out at the watermark `end`."""
    since = end - timedelta(hours=rule.window_hours)
    groups = tallies.window(rule.by, replace(conditions_of(rule), severity_min=1), since, end, rule.posts)
    if not groups or len(past_weeks(tallies, rule, end)) < LEAST_WEEKS:
        return
    graver = tallies.window(rule.by, conditions_of(rule), since, end, 1)
    past = _past(tallies, rule, hour_of(since))
    for key, posts in sorted(groups.items()):
        found, before = _negative_among(posts, graver.get(key)), past.get(key, Sum(0, 0))
        if before.posts < rule.posts:
            continue
        stands_out = surge(found.negative, found.posts, before.negative, before.posts)
        if stands_out > rule.deviations:
            group: dict[str, str] = dict(zip(rule.by, key, strict=True))
            its = tallies.posts(group, conditions_of(rule), since, end, MOST)
            yield from _surge(rule, group, found, before, stands_out, [one for one in its if one.negative])


def _past(tallies: Tallies, rule: Rule, until: datetime) -> dict[Key, Sum]:
    """What the weeks before had of each group: all posts, and the negative ones that count as such."""
    which, since = conditions_of(rule), until - rule.weeks * WEEK
    all_posts = tallies.counted(rule.by, replace(which, severity_min=1), since, until)
    graver = tallies.counted(rule.by, which, since, until)
    return {key: _negative_among(posts, graver.get(key)) for key, posts in all_posts.items()}


def _negative_among(posts: Sum, graver: Sum | None) -> Sum:
    return Sum(posts.posts, graver.negative if graver else 0, posts.severity)


def _surge(
    rule: Rule, group: Mapping[str, str], found: Sum, before: Sum, stands_out: float, posts: Sequence[Tally]
) -> Iterator[Finding]:
    alike = max(Counter(one.event_id for one in posts).values(), default=0)
    if alike < rule.alike:
        return
    share, usual_share = found.negative / found.posts, before.negative / before.posts
    figures = {
        "posts": found.posts,
        "negative": found.negative,
        "share": round(share, 3),
        "usual_share": round(usual_share, 3),
        "hours": rule.window_hours,
        "weeks": rule.weeks,
        "deviations": round(stands_out, 1),
        "alike": alike,
    }
    least = rule.match.severity_min
    reason = (
        f"{rule.window_hours:g} 小时内 {found.posts} 条中{f'严重程度 {least} 级及以上的' if least > 1 else ''}负面 {found.negative} 条，"
        f"占 {share:.0%}；过去 {rule.weeks} 周 {before.posts} 条中占 {usual_share:.0%}"
        + (f"；其中 {alike} 条反映同一件事" if alike > 1 else "")
    )
    yield Finding(rule, group, figures, reason, tuple(posts), level_of(stands_out, rule.deviations))


def past_weeks(tallies: Tallies, rule: Rule, end: datetime) -> list[tuple[datetime, datetime]]:
    """The hours of the window in each of the past weeks, those left out that lie before all counts or have none at all.

    Hours are whole: the window of the past holds the hour that has only begun now, so it is never too small.
    """
    begins = tallies.begins()
    until = hour_of(end) + HOUR
    since = hour_of(end - timedelta(hours=rule.window_hours))
    weeks = [(since - n * WEEK, until - n * WEEK) for n in range(1, rule.weeks + 1)]
    return [week for week in weeks if begins and begins <= week[0] and tallies.total(*week)]
