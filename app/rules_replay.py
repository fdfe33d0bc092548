"""`minsheng rules replay`: what the rules would have told of history, and when. Nothing is sent or stored.

The posts go, hour by hour of their own time, through the same deciding stage and the same rules as live ones, into a ledger in
a folder that is thrown away. Cases are opened and nobody handles them: what clocks would tell is left out.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from configs.catalog import SHANGHAI, Catalog
from stream.archive import Query
from stream.errors import MinshengError
from stream.log import Record
from stream.messages import JUDGED, Judged, Post, encode_judged

if TYPE_CHECKING:
    from alerts.model import Alert
    from app.wire import House

HOUR = timedelta(hours=1)
PAGE = 500
WARM_UP = timedelta(weeks=9)  # history that the first day is held against
TOLD = ("new_case", "grave", "growth", "spike", "sentiment", "new_term", "source_silent", "source_recovered")


def replay(catalog: Catalog, posts: Iterable[Judged], window: timedelta, since: datetime | None = None) -> list[Alert]:
    """The alerts that the rules give for posts in the order of their time, oldest first, from `since` on."""
    from alerts.decide import Decider
    from alerts.events import EventIndex
    from alerts.ledger import AlertFilter, Ledger
    from alerts.rules_tick import tick_rules

    with tempfile.TemporaryDirectory(prefix="minsheng-rules-") as folder:
        clock = _Clock()
        with closing(Ledger(f"sqlite:///{folder}/ledger.sqlite")) as ledger:
            ledger.migrate()
            decider = Decider(ledger, catalog, lambda: EventIndex(window), window, clock=clock)
            for now, batch in _by_hour(posts):
                while clock.at and clock.at + HOUR < now:  # hours without a post: sources may fall silent
                    clock.at += HOUR
                    tick_rules(ledger, catalog, clock.at)
                clock.at = now
                decider.handle([_record(one, n) for n, one in enumerate(batch)])
                tick_rules(ledger, catalog, now)
            with ledger.read() as tx:
                found = tx.alerts.find(AlertFilter(since=since, limit=1_000_000))
    return sorted((one for one in found if one.kind in TOLD), key=lambda one: (one.created_at, one.id))


class _Clock:
    def __init__(self) -> None:
        self.at: datetime | None = None

    def __call__(self) -> datetime:
        if self.at is None:
            raise MinshengError("回放还没有开始")
        return self.at


def _by_hour(posts: Iterable[Judged]) -> Iterator[tuple[datetime, list[Judged]]]:
    """The end of an hour and its posts, as if each had come at once."""
    for start, batch in groupby(
        posts, key=lambda one: one.post.published_at.replace(minute=0, second=0, microsecond=0)
    ):
        yield start + HOUR, [_live(one) for one in batch]


def _live(one: Judged) -> Judged:
    return replace(one, post=replace(one.post, backfill=False, fetched_at=one.post.published_at))


def _record(one: Judged, n: int) -> Record:
    return Record(JUDGED, 0, n, one.partition_key, encode_judged(one), one.post.published_at)


# ---- where posts come from -----------------------------------------------------------------------


def archived(house: House, since: datetime | None, until: datetime | None) -> Iterator[Judged]:
    """The posts of the archive, oldest first."""
    query = Query(since=since, until=until, sort="oldest", limit=PAGE)
    while True:
        page = house.archive.search(query)
        yield from (hit.judged for hit in page.hits)
        if not page.next:
            return
        query = replace(query, after=page.next)


def from_file(house: House, path: Path) -> list[Judged]:
    """The posts of a spreadsheet or of JSON lines, judged by the fast model, oldest first."""
    posts = _lines(path, house.now()) if path.suffix in (".jsonl", ".json") else _rows(house, path)
    posts.sort(key=lambda one: (one.published_at, one.id))
    judging = house.judge(mode="fast")
    return [one for start in range(0, len(posts), PAGE) for one in judging(posts[start : start + PAGE])]


def _lines(path: Path, now: datetime) -> list[Post]:
    from app.filters import Complaints, parse_post, read_lines

    with path.open("rb") as file:
        lines = enumerate(file, 1)
        complain = Complaints(sys.stderr)
        return list(read_lines(lines, complain, lambda line: parse_post(line, now)))


def _rows(house: House, path: Path) -> list[Post]:
    from classify.pii import mask_post
    from crawlers.importer import import_file

    posts: list[Post] = []
    report = import_file(
        path,
        house.catalog.sheet,
        "replay",
        "hotline",
        publish=posts.extend,
        prepare=mask_post,
        pseudonym=house.pseudonym,
        now=house.now(),
        known=lambda ids: set(),
    )
    if report.bad:
        click.echo(f"{path.name}: {len(report.bad)} 行有误，未计入", err=True)
    return posts


# ---- what is printed -----------------------------------------------------------------------------


def print_replay(
    house: House, catalog: Catalog, posts: Path | None, since: datetime | None, until: datetime | None, as_json: bool
) -> None:
    start = since - WARM_UP if since else None
    judged: Iterable[Judged] = from_file(house, posts) if posts else archived(house, start, until)
    within = [one for one in judged if _within(one, start, until)]
    found = replay(catalog, within, timedelta(days=house.settings.decide.window_days), since)
    if as_json:
        for alert in found:
            click.echo(json.dumps(row_of(alert), ensure_ascii=False))
        return
    for alert in found:
        click.echo(line_of(catalog, alert))
    click.echo(summary(catalog, found, len(within)))


def _within(one: Judged, since: datetime | None, until: datetime | None) -> bool:
    at = one.post.published_at
    return (since is None or at >= since) and (until is None or at < until)


def row_of(alert: Alert) -> dict[str, Any]:
    names = ("id", "kind", "office", "case_id", "state", "event_id", "title", "reason", "severity", "figures")
    at = alert.created_at.astimezone(SHANGHAI).isoformat()
    return {"at": at} | {name: getattr(alert, name) for name in names} | {"posts": list(alert.posts)}


def line_of(catalog: Catalog, alert: Alert) -> str:
    from alerts.moments import moment
    from alerts.notify.words import KIND

    at = moment(alert.created_at)
    shown = "、".join(alert.posts[:5]) + (f" 等 {len(alert.posts)} 条" if len(alert.posts) > 5 else "")
    return (
        f"{at}  {KIND[alert.kind]}  {catalog.office_name(alert.office)}  {alert.title}\n    {alert.reason}\n    {shown}"
    )


def summary(catalog: Catalog, found: Sequence[Alert], posts: int) -> str:
    from alerts.notify.words import KIND

    kinds = Counter(KIND[one.kind] for one in found)
    lines = [
        f"共 {posts} 条信息，会发出 {len(found)} 条预警" + ("".join(f"；{kind} {n}" for kind, n in kinds.most_common()))
    ]
    for office, (days, most, mean) in sorted(per_day(found).items()):
        lines.append(f"  {catalog.office_name(office)}: {days} 天有预警，平均每天 {mean:.2f} 条，最多一天 {most} 条")
    return "\n".join(lines)


def per_day(found: Sequence[Alert]) -> dict[str, tuple[int, int, float]]:
    """Office -> days with an alert, most in one Shanghai day, mean over all days from the first alert to the last."""
    if not found:
        return {}
    days: dict[str, Counter[Any]] = {}
    for one in found:
        if one.state != "muted":
            days.setdefault(one.office, Counter())[one.created_at.astimezone(SHANGHAI).date()] += 1
    length = (found[-1].created_at - found[0].created_at).days + 1
    return {office: (len(its), max(its.values()), sum(its.values()) / length) for office, its in days.items()}
