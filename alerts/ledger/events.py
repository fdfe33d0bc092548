"""Events and which posts belong to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, Text, bindparam, cast, exists, func, select, update

from alerts.ledger.columns import contains_any, names_of, values_of, within_region
from alerts.ledger.rows import add_rows, one_of, put_rows
from alerts.ledger.tables import cases, event_posts, events, recent_posts
from alerts.model import Event, EventPost


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What to look for; an empty field does not filter. `since` <= last_seen < `until`.

    `region`: a city or province code also finds what lies in it. `text` looks in title, place and keywords.
    `without_case`: True finds events no case was opened for, False those with one.
    """

    topics: tuple[str, ...] = ()
    region: str = ""
    severity_min: int = 1
    since: datetime | None = None
    until: datetime | None = None
    min_posts: int = 1
    without_case: bool | None = None
    text: str = ""
    sort: Literal["heat", "newest", "severity", "posts", "growth"] = "heat"
    limit: int = 50
    offset: int = 0


_EVENT = [events.c[name] for name in names_of(Event)]
_POST = [event_posts.c[name] for name in names_of(EventPost)]
_ORDER: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "heat": (events.c.heat.desc(), events.c.id),
    "growth": (events.c.heat.desc(), events.c.id),  # by chance: whoever shows them orders the hottest anew
    "newest": (events.c.last_seen.desc(), events.c.id),
    "severity": (events.c.severity.desc(), events.c.last_seen.desc(), events.c.id),
    "posts": (events.c.posts.desc(), events.c.id),
}


class Events:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def save(self, changed: Sequence[Event], signatures: Mapping[str, bytes]) -> None:
        """Write events as they are now, by id. An event that `signatures` lacks keeps an empty signature."""
        if changed:
            put_rows(self._conn, events, [_event_row(event, signatures.get(event.id, b"")) for event in changed])

    def link(self, posts: Sequence[EventPost]) -> set[str]:
        """Say that posts belong to events; a post that already has an event keeps it. Returns the ids newly linked."""
        if not posts:
            return set()
        names, values = names_of(EventPost), values_of(EventPost)
        rows = [dict(zip(names, values(post), strict=True)) for post in posts]
        return set(add_rows(self._conn, event_posts, rows))

    def move(self, posts: Sequence[str], to: str) -> int:
        """Say that posts belong to another event, which is there already; returns how many did not before."""
        if not posts:
            return 0
        counted = update(recent_posts).where(recent_posts.c.post_id.in_(posts))
        self._conn.execute(counted.values(event_id=to))
        statement = update(event_posts).where(event_posts.c.post_id.in_(posts), event_posts.c.event_id != to)
        return self._conn.execute(statement.values(event_id=to)).rowcount

    def take_over(self, event_id: str, into: str) -> None:
        """Say that an event is a part of another one: it takes no posts any more and is shown no more."""
        statement = update(events).where(events.c.id == event_id)
        self._conn.execute(statement.values(merged_into=into, signature=b""))

    def get(self, event_id: str) -> Event | None:
        row = self._conn.execute(select(*_EVENT).where(events.c.id == event_id)).first()
        return _event(row) if row else None

    def posts(self, event_id: str, limit: int = 200) -> list[EventPost]:
        """Newest first."""
        query = select(*_POST).where(event_posts.c.event_id == event_id)
        query = query.order_by(event_posts.c.at.desc(), event_posts.c.post_id).limit(limit)
        return [_post(row) for row in self._conn.execute(query)]

    def accusing(self, event_id: str, office: str) -> frozenset[str]:
        """Ids of the event's posts that accuse the office (its key, without a branch)."""
        query = select(event_posts.c.post_id, event_posts.c.accuses).where(event_posts.c.event_id == event_id)
        query = query.where(cast(event_posts.c.accuses, Text) != "[]")
        return frozenset(post_id for post_id, accused in self._conn.execute(query) if office in accused)

    def accused(self, event_id: str) -> frozenset[str]:
        """Keys of the offices that posts of the event accuse."""
        query = select(event_posts.c.accuses).where(event_posts.c.event_id == event_id)
        found = self._conn.execute(query.where(cast(event_posts.c.accuses, Text) != "[]")).scalars()
        return frozenset(key for keys in found for key in keys)

    def posts_since(self, since: Mapping[str, datetime]) -> dict[str, list[EventPost]]:
        """The posts of many events, of each from its instant on, newest first."""
        found: dict[str, list[EventPost]] = {event_id: [] for event_id in since}
        if not since:
            return found
        values = {"events": list(since), "earliest": min(since.values())}
        for row in self._conn.execute(_posts_since(self._conn.dialect.name), values).all():
            if row.at >= since[row.event_id]:
                found[row.event_id].append(_post(row))
        return found

    def of_posts(self, post_ids: Sequence[str]) -> dict[str, str]:
        """post id -> event id, for the posts that have one."""
        if not post_ids:
            return {}
        rows = self._conn.execute(_of_posts(self._conn.dialect.name), {"posts": list(post_ids)}).all()
        return {post: event for post, event in rows}

    def find(self, wanted: EventFilter) -> list[Event]:
        """Events taken over by another are left out."""
        query = _where(select(*_EVENT), wanted).order_by(*_ORDER[wanted.sort])
        return [_event(row) for row in self._conn.execute(query.limit(wanted.limit).offset(wanted.offset))]

    def count(self, wanted: EventFilter) -> int:
        found: int = self._conn.execute(_where(select(func.count()).select_from(events), wanted)).scalar_one()
        return found

    def recent(self, since: datetime) -> Iterator[tuple[Event, bytes]]:
        """Events last seen since then with their signatures, oldest first. Read it to the end in the transaction."""
        query = select(*_EVENT, events.c.signature).where(events.c.last_seen >= since, events.c.merged_into == "")
        rows = self._conn.execute(query.order_by(events.c.last_seen, events.c.id).execution_options(yield_per=500))
        for row in rows:
            yield _event(row), bytes(row.signature)


@cache
def _posts_since(dialect: str) -> Select[*tuple[Any, ...]]:
    """Built once: building a statement takes longer than running it."""
    query = select(*_POST).where(one_of(dialect, event_posts.c.event_id, "events"))
    query = query.where(event_posts.c.at >= bindparam("earliest", type_=event_posts.c.at.type))
    return query.order_by(event_posts.c.at.desc(), event_posts.c.post_id)


@cache
def _of_posts(dialect: str) -> Select[*tuple[Any, ...]]:
    return select(event_posts.c.post_id, event_posts.c.event_id).where(one_of(dialect, event_posts.c.post_id, "posts"))


def _event_row(event: Event, signature: bytes) -> dict[str, Any]:
    row = dict(zip(names_of(Event), values_of(Event)(event), strict=True))
    row |= {"sources": dict(event.sources), "daily": dict(event.daily)}
    return row | {"signature": signature}


def _event(row: Row[*tuple[Any, ...]]) -> Event:
    values = {name: getattr(row, name) for name in names_of(Event)}
    values["keywords"] = tuple(values["keywords"])
    values["representatives"] = tuple(values["representatives"])
    return Event(**values)


def _post(row: Row[*tuple[Any, ...]]) -> EventPost:
    return EventPost(*(*row[:-1], tuple(row.accuses)))  # the columns are asked for in the order of the fields


def _where(query: Select[*tuple[Any, ...]], wanted: EventFilter) -> Select[*tuple[Any, ...]]:
    query = query.where(events.c.merged_into == "")
    if wanted.topics:
        query = query.where(events.c.topic.in_(wanted.topics))
    if wanted.region:
        query = query.where(within_region(events.c.region, wanted.region))
    if wanted.severity_min > 1:
        query = query.where(events.c.severity >= wanted.severity_min)
    if wanted.since:
        query = query.where(events.c.last_seen >= wanted.since)
    if wanted.until:
        query = query.where(events.c.last_seen < wanted.until)
    if wanted.min_posts > 1:
        query = query.where(events.c.posts >= wanted.min_posts)
    if wanted.without_case is not None:
        has_case = exists().where(cases.c.event_id == events.c.id)
        query = query.where(~has_case if wanted.without_case else has_case)
    if wanted.text:
        query = query.where(contains_any([events.c.title, events.c.place, cast(events.c.keywords, Text)], wanted.text))
    return query
