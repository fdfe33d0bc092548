"""Tries the rules of time windows and tells what they find, once each.

What is found is an episode: it begins when a rule comes to hold for a group and ends when it has not held for a whole window.
An alert's id is the rule, the group, when the episode began and how far it has gone (a doubling is a level): however often
and in however many processes the rules are tried, nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from alerts.calendar import WorkCalendar
from alerts.ledger import Ledger, Tx
from alerts.ledger.tallies import Episode, Tallies
from alerts.model import Alert, Event
from alerts.moments import moment
from alerts.notify.words import KIND, span
from alerts.routes import decide_route
from alerts.rules_sources import Silence, recovered, silent_sources
from alerts.rules_windows import WEEK, Finding, sentiment_surges, spikes
from alerts.rules_words import new_words
from configs.catalog import Catalog, Rule

EVERY = timedelta(minutes=5)
TRIED = "@rules"  # beside the crawls' cursors: when the rules were last tried
KEEP_POSTS = timedelta(days=15)  # longer than two windows
UNKNOWN_PLACE = "地点不明"
TOWN_WIDE = "全部信息"

Test = Callable[[Tallies, Rule, datetime], Iterator[Finding]]
TESTS: Mapping[str, Test] = {"spike": spikes, "sentiment": sentiment_surges, "new_term": new_words}


def tick_rules(ledger: Ledger, catalog: Catalog, now: datetime, every: timedelta = EVERY) -> int:
    """Try every rule of time windows unless that was done less than `every` ago; returns how many alerts are new."""
    with ledger.read() as tx:
        if not _is_due(tx.meters.cursor(TRIED), now, every):
            return 0
    with ledger.begin() as tx:
        tx.tallies.take_turn()
        if not _is_due(tx.meters.cursor(TRIED), now, every):
            return 0
        tx.meters.save_cursor(TRIED, {"at": now.isoformat()})
        found = list(_windows(tx, catalog, now)) if tx.tallies.roll_up() else []  # nothing new: nothing else stands out
        told = tx.alerts.add([*found, *_sources(tx, catalog, now)])
        tx.tallies.forget(now - KEEP_POSTS, now - WEEK * (_longest(catalog) + 2))
        return told


def _is_due(tried: Mapping[str, Any], now: datetime, every: timedelta) -> bool:
    """A time in the future (a clock was set back) counts as long ago."""
    return not tried or not timedelta() <= now - datetime.fromisoformat(tried["at"]) < every


def _longest(catalog: Catalog) -> int:
    return max((rule.weeks for rule in catalog.rules), default=8)


def _windows(tx: Tx, catalog: Catalog, now: datetime) -> Iterator[Alert]:
    end = tx.tallies.newest(now)
    rules = [rule for rule in catalog.rules if rule.enabled and rule.kind in TESTS]
    if end is None:
        return
    known = {rule.key: tx.tallies.episodes(rule.key) for rule in rules}
    for rule in rules:
        for found in TESTS[rule.kind](tx.tallies, rule, end):
            episode, news = _follow(known[rule.key].get(found.name), found, end)
            tx.tallies.keep(episode)
            others = [
                one for its in known.values() for one in its.values() if one is not known[rule.key].get(found.name)
            ]
            known[rule.key][found.name] = episode
            if news and not any(_same(episode, other, found) for other in others):
                yield _alert(tx, catalog, found, episode, now)


def _follow(known: Episode | None, found: Finding, end: datetime) -> tuple[Episode, bool]:
    """The episode as it is now, and whether there is something to tell."""
    rule, data = found.rule, {"event": found.event[0], "kind": found.rule.kind}
    if known is None or end - known.last > timedelta(hours=rule.window_hours):
        return Episode(rule.key, found.name, end, end, found.level, data), True
    level = max(known.level, found.level)
    return replace(known, last=max(end, known.last), level=level, data=data), level > known.level


def _same(one: Episode, other: Episode, found: Finding) -> bool:
    """Whether another window or group has told of the same event; a spike also tells what a share of negative posts would."""
    if other.data.get("event") != one.data["event"] or one.last - other.last > timedelta(hours=found.rule.window_hours):
        return False
    if one.data["kind"] == "sentiment" and other.data["kind"] == "spike":
        return True
    return other.data["kind"] == one.data["kind"] and one.level <= other.level


def _alert(tx: Tx, catalog: Catalog, found: Finding, episode: Episode, now: datetime) -> Alert:
    event_id, size = found.event
    return Alert(
        id=f"{found.rule.kind}:{found.rule.key}:{found.name}:{episode.began:%Y%m%d%H%M}:{episode.level}",
        kind=found.rule.kind,  # type: ignore[arg-type]
        office=_office(tx, catalog, found),
        case_id="",
        event_id=event_id if 2 * size >= len(found.posts) else "",
        title=title_of(catalog, found),
        reason=f"{found.rule.name}: {found.reason}",
        created_at=now,
        severity=min(3, max((one.severity for one in found.posts), default=2)),
        figures=found.figures,
        posts=found.shown,
    )


def title_of(catalog: Catalog, found: Finding) -> str:
    """杭州市西湖区·房地产与住房: 信息突增."""
    if "word" in found.group:
        return f"{KIND['new_term']}: {found.group['word']}"
    parts = [name_of(catalog, name, value) for name, value in found.group.items()]
    return f"{'·'.join(parts) or TOWN_WIDE}: {KIND[found.rule.kind]}"


def name_of(catalog: Catalog, name: str, value: str) -> str:
    if name == "topic":
        topic = catalog.topic.get(value)
        return topic.short if topic else value
    if name == "county":
        return (catalog.place_name(value) or value) if value else UNKNOWN_PLACE
    if name == "source":
        return source_name(catalog, value)
    return f"严重程度 {value} 级"


def source_name(catalog: Catalog, key: str) -> str:
    source = catalog.source.get(key)
    return source.name if source else key


def _office(tx: Tx, catalog: Catalog, found: Finding) -> str:
    """Who is told: not the lead where it is accused by one of the posts (信访工作条例 art. 30)."""
    duty = catalog.routes.lead
    if found.rule.to == "duty":
        return duty
    accused = tx.tallies.accused([one.post_id for one in found.posts])
    lead = decide_route(catalog, _as_event(found), None, "").lead
    return duty if lead.partition("@")[0] in accused else lead


def _as_event(found: Finding) -> Event:
    """A group as an event, which is what the dispatch tree knows."""
    newest, at = found.posts[0], [one.at for one in found.posts]
    topic, region = found.group.get("topic", newest.topic), found.group.get("county", newest.region)
    sources = {one.source: 1 for one in found.posts}
    severity = max(one.severity for one in found.posts)
    return Event("", "", topic, "", region, "", min(at), max(at), len(at), severity, 0.0, 0, 0.0, 0.0, sources)


# ---- sources -------------------------------------------------------------------------------------


def _sources(tx: Tx, catalog: Catalog, now: datetime) -> Iterator[Alert]:
    rules = [rule for rule in catalog.rules if rule.enabled and rule.kind == "source_silent"]
    if not rules:
        return
    last = tx.tallies.last_posts()
    calendar = WorkCalendar(catalog.calendar)
    runs = {run.source: run for run in tx.meters.source_health()}
    for rule in rules:
        known = tx.tallies.episodes(rule.key)
        for episode, at in recovered(last, known):
            tx.tallies.keep(replace(episode, last=now, data={"recovered": at.isoformat()}))
            yield _back(catalog, rule, episode, at, now)
        for one in silent_sources(tx.tallies, rule, runs, last, calendar, now):
            before = known.get(one.source)
            tx.tallies.keep(Episode(rule.key, one.source, one.last, now, 1, {}))
            if before is None or before.began != one.last:
                yield _silent(catalog, rule, one, now)


def _silent(catalog: Catalog, rule: Rule, one: Silence, now: datetime) -> Alert:
    reason = f"{rule.name}: 最后一条在 {moment(one.last)}，已 {span(now - one.last)}没有信息，往常同一时段约 {one.usual:g} 条"
    failure = f"；最近一次采集失败: {one.failure}" if one.failure else "；采集未报错，可能是对方停更、改版或导入中断"
    figures = {
        "usual": one.usual,
        "posts": 0,
        "hours": round((now - one.last).total_seconds() / 3600, 1),
        "weeks": one.weeks,
    }
    return _of_source(catalog, "source_silent", one.source, one.last, f"{reason}{failure}", figures, now)


def _back(catalog: Catalog, rule: Rule, episode: Episode, at: datetime, now: datetime) -> Alert:
    hours = round((at - episode.began).total_seconds() / 3600, 1)
    reason = f"{rule.name}: {moment(at)} 起又有信息，此前中断 {span(at - episode.began)}"
    return _of_source(catalog, "source_recovered", episode.grp, episode.began, reason, {"hours": hours}, now)


def _of_source(
    catalog: Catalog, kind: str, source: str, since: datetime, reason: str, figures: Mapping[str, Any], now: datetime
) -> Alert:
    return Alert(
        id=f"{kind}:{source}:{since:%Y%m%d%H%M%S}",
        kind=kind,  # type: ignore[arg-type]
        office=catalog.routes.lead,
        case_id="",
        event_id="",
        title=f"{source_name(catalog, source)}: {KIND[kind]}",
        reason=reason,
        created_at=now,
        severity=2,
        figures=figures,
    )
