"""What the rules of time windows count: the posts of late, how many there were per hour, and which words on which day.

The deciding stage writes `recent_posts`, one statement a batch. `roll_up` takes what it has not counted yet into the hourly
counts and the days of words, once each, and `forget` lets go of what no rule looks at any more: all three are bounded.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, Table, case, delete, func, or_, select, update

from alerts.ledger.columns import insert_for, insert_in, names_of, values_of, within_region
from alerts.ledger.engine import take_turns
from alerts.ledger.rows import Insert, note_rows, one_of
from alerts.ledger.tables import episodes, event_posts, hour_counts, recent_posts, term_days
from configs.catalog import SHANGHAI

RULES = 6_011_576  # the lock of those that try the rules
CHUNK = 2000  # posts rolled up in one go

By = Literal["topic", "county", "source", "severity"]
Key = tuple[str, ...]
_COLUMN = {"topic": "topic", "county": "region", "source": "source", "severity": "severity"}


@dataclass(frozen=True, slots=True)
class Tally:
    """A post as the rules count it. `topic` is "" where it leads to nothing (praise, no public matter, elsewhere).

    `live`: it may set off a rule; history counts into what is usual alone.
    """

    post_id: str
    at: datetime
    topic: str
    region: str
    source: str
    severity: int
    negative: bool
    event_id: str
    near_copy: bool = False
    live: bool = True
    words: str = ""  # its key words, as |甲|乙|


@dataclass(frozen=True, slots=True)
class Conditions:
    """Which posts count: as the conditions of a rule, as far as counts can tell."""

    topics: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    severity_min: int = 1


@dataclass(frozen=True, slots=True)
class Sum:
    """Independent posts, the negative among them, and the gravest."""

    posts: int
    negative: int
    severity: int = 0


@dataclass(frozen=True, slots=True)
class Episode:
    """That a rule holds for a group: since when, when it last held, and how far it has gone."""

    rule: str
    grp: str
    began: datetime
    last: datetime
    level: int
    data: Mapping[str, Any]


_TALLY = [recent_posts.c[name] for name in names_of(Tally)]


class Tallies:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, new: Sequence[Tally]) -> None:
        """Note posts, each once."""
        if new:
            names, values = (*names_of(Tally), "counted"), values_of(Tally)
            rows = [dict(zip(names, (*values(one), False), strict=True)) for one in new]
            note_rows(self._conn, recent_posts, rows)

    def take_turn(self) -> None:
        """Those that try the rules wait here until the transaction of the one before has ended."""
        take_turns(self._conn, RULES)

    def roll_up(self) -> int:
        """Count what was not counted yet; returns how many posts."""
        total = 0
        while rows := self._uncounted():
            self._count_hours(rows)
            self._count_words(rows)
            which = one_of(self._conn.dialect.name, recent_posts.c.post_id, "ids")
            done = update(recent_posts).where(which).values(counted=True)
            self._conn.execute(done, {"ids": [one.post_id for one in rows]})
            total += len(rows)
        return total

    def forget(self, posts: datetime, counts: datetime) -> None:
        """Let go of counted posts older than `posts`, and of counts, words and episodes older than `counts`."""
        old = recent_posts.c.counted.is_(True) & (recent_posts.c.at < posts)
        self._conn.execute(delete(recent_posts).where(old))
        self._conn.execute(delete(hour_counts).where(hour_counts.c.hour < counts))
        self._conn.execute(delete(term_days).where(term_days.c.day < day_of(counts)))
        self._conn.execute(delete(episodes).where(episodes.c.last < counts))

    # ---- looking ----

    def newest(self, now: datetime) -> datetime | None:
        """The watermark: the time of the newest live post that is not in the future."""
        query = select(func.max(recent_posts.c.at)).where(recent_posts.c.live.is_(True), recent_posts.c.at <= now)
        found: datetime | None = self._conn.execute(query).scalar()
        return found

    def window(
        self, by: Sequence[By], which: Conditions, since: datetime, until: datetime, least: int
    ) -> dict[Key, Sum]:
        """Group -> its live posts with since < at <= until, of the groups that have at least so many."""
        table, count = recent_posts, func.count()
        columns = [table.c[_COLUMN[name]] for name in by]
        negative = func.sum(case((table.c.negative.is_(True), 1), else_=0))
        query = select(*columns, count, negative, func.max(table.c.severity))
        query = query.where(*_live(since, until), *_such(table, which)).group_by(*columns).having(count >= least)
        rows = self._conn.execute(query)
        return {_key(row[: len(by)]): Sum(int(row[-3]), int(row[-2]), int(row[-1])) for row in rows}

    def posts(
        self, key: Mapping[str, str], which: Conditions, since: datetime, until: datetime, limit: int
    ) -> list[Tally]:
        """The live posts of one group, newest first."""
        query = select(*_TALLY).where(*_live(since, until), *_such(recent_posts, which), *_of(recent_posts, key))
        return self._tallies(query.order_by(recent_posts.c.at.desc(), recent_posts.c.post_id).limit(limit))

    def counted(self, by: Sequence[By], which: Conditions, since: datetime, until: datetime) -> dict[Key, Sum]:
        """Group -> its independent posts of the hours since <= hour < until, history included."""
        table = hour_counts
        columns = [table.c[_COLUMN[name]] for name in by]
        query = select(*columns, func.coalesce(func.sum(table.c.own), 0), func.coalesce(func.sum(table.c.negative), 0))
        query = query.where(table.c.hour >= since, table.c.hour < until, *_such(table, which)).group_by(*columns)
        return {_key(row[: len(by)]): Sum(int(row[-2]), int(row[-1])) for row in self._conn.execute(query)}

    def total(self, since: datetime, until: datetime, source: str = "") -> int:
        """All posts of those hours, copies and chatter too: whether anything came in at all."""
        query = select(func.coalesce(func.sum(hour_counts.c.n), 0))
        query = query.where(hour_counts.c.hour >= since, hour_counts.c.hour < until)
        if source:
            query = query.where(hour_counts.c.source == source)
        return int(self._conn.execute(query).scalar_one())

    def begins(self) -> datetime | None:
        """The first hour that was counted and is still kept."""
        found: datetime | None = self._conn.execute(select(func.min(hour_counts.c.hour))).scalar()
        return found

    def last_posts(self) -> dict[str, datetime]:
        """Source -> the time of its newest live post that is still kept."""
        query = select(recent_posts.c.source, func.max(recent_posts.c.at)).where(recent_posts.c.live.is_(True))
        return {source: at for source, at in self._conn.execute(query.group_by(recent_posts.c.source))}

    def risen_words(self, since: str, before: str, least: int, factor: float) -> dict[str, int]:
        """Words of at least so many live posts from the day `since` on, and `factor` times as many as from the day `before`
        until then; with how many those were. A day on which only history or copies had the word counts as one post."""
        days, told = term_days, func.sum(term_days.c.live)
        now = select(days.c.term, told).where(days.c.day >= since).group_by(days.c.term).having(told >= least)
        found = {term: int(n) for term, n in self._conn.execute(now)}
        which = one_of(self._conn.dialect.name, days.c.term, "terms")
        had = func.sum(case((days.c.live > 0, days.c.live), else_=1))
        earlier = select(days.c.term, had).where(which, days.c.day < since, days.c.day >= before).group_by(days.c.term)
        known = {term: int(n) for term, n in self._conn.execute(earlier, {"terms": list(found)})} if found else {}
        return {term: known.get(term, 0) for term in sorted(found) if found[term] >= factor * known.get(term, 0)}

    def first_day(self) -> str:
        """The first day of words that is still kept, "" if there is none."""
        return self._conn.execute(select(func.min(term_days.c.day))).scalar() or ""

    def with_word(self, word: str, which: Conditions, since: datetime, until: datetime, limit: int) -> list[Tally]:
        """Live posts that have the word, newest first."""
        has = recent_posts.c.words.contains(f"|{word}|", autoescape=True)
        query = select(*_TALLY).where(*_live(since, until), *_such(recent_posts, which), has)
        return self._tallies(query.order_by(recent_posts.c.at.desc(), recent_posts.c.post_id).limit(limit))

    def accused(self, post_ids: Sequence[str]) -> frozenset[str]:
        """Keys of the offices that these posts accuse."""
        which = one_of(self._conn.dialect.name, event_posts.c.post_id, "ids")
        rows = self._conn.execute(select(event_posts.c.accuses).where(which), {"ids": list(post_ids)}).scalars()
        return frozenset(key for keys in rows for key in keys)

    # ---- episodes ----

    def episodes(self, rule: str) -> dict[str, Episode]:
        """Group -> its latest episode."""
        columns = [episodes.c[name] for name in names_of(Episode)]
        rows = self._conn.execute(select(*columns).where(episodes.c.rule == rule))
        return {row.grp: Episode(*row) for row in rows}

    def keep(self, one: Episode) -> None:
        row = {name: getattr(one, name) for name in names_of(Episode)} | {"data": dict(one.data)}
        insert = insert_for(self._conn, episodes).values(row)
        self._conn.execute(insert.on_conflict_do_update(index_elements=["rule", "grp"], set_=row))

    # ---- inside ----

    def _uncounted(self) -> list[Tally]:
        return self._tallies(select(*_TALLY).where(recent_posts.c.counted.is_(False)).limit(CHUNK))

    def _tallies(self, query: Select[Any]) -> list[Tally]:
        return [Tally(*row) for row in self._conn.execute(query).all()]

    def _count_hours(self, rows: Sequence[Tally]) -> None:
        """Chatter counts only for how lively its source is, a copy for that and not as a post of its own."""
        sums: dict[tuple[datetime, str, str, str, int], Counter[str]] = defaultdict(Counter)
        for one in rows:
            found = sums[hour_of(one.at), one.topic, one.region, one.source, one.severity]
            found.update(n=1, own=not one.near_copy, negative=one.negative and not one.near_copy)
        names = ("hour", "topic", "region", "source", "severity")
        _add_up(self._conn, hour_counts, [dict(zip(names, key, strict=True)) | sums[key] for key in sorted(sums)])

    def _count_words(self, rows: Sequence[Tally]) -> None:
        live = Counter[tuple[str, str]]()
        for one in rows:
            tells = one.live and one.topic != "" and not one.near_copy
            live.update({(day_of(one.at), word): int(tells) for word in words_of(one.words)})
        _add_up(
            self._conn, term_days, [{"day": day, "term": term, "live": live[day, term]} for day, term in sorted(live)]
        )


def _add_up(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add to the rows that are there, in the order of their keys."""
    if rows:
        conn.execute(_adding(conn.dialect.name, table), [dict(row) for row in rows])


@cache
def _adding(dialect: str, table: Table) -> Insert:
    insert = insert_in(dialect, table)
    grown = {one.name: one + insert.excluded[one.name] for one in table.c if not one.primary_key}
    return insert.on_conflict_do_update(index_elements=[one.name for one in table.primary_key], set_=grown)


def hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(at: datetime) -> str:
    """The Shanghai date, ISO."""
    return at.astimezone(SHANGHAI).date().isoformat()


def words_of(packed: str) -> list[str]:
    return [word for word in packed.split("|") if word]


def pack_words(words: Sequence[str]) -> str:
    clean = [word.replace("|", "") for word in words]
    return f"|{'|'.join(clean)}|" if clean else ""


def _key(values: Sequence[Any]) -> Key:
    return tuple(str(value) for value in values)


def _live(since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    c = recent_posts.c
    return [c.at > since, c.at <= until, c.live.is_(True), c.near_copy.is_(False)]


def _such(table: Table, which: Conditions) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [table.c.topic != "", table.c.severity >= which.severity_min]
    if which.topics:
        found.append(table.c.topic.in_(which.topics))
    if which.sources:
        found.append(table.c.source.in_(which.sources))
    if which.regions:
        found.append(or_(*(within_region(table.c.region, region) for region in which.regions)))
    return found


def _of(table: Table, key: Mapping[str, str]) -> list[ColumnElement[bool]]:
    return [table.c[_COLUMN[name]] == (int(value) if name == "severity" else value) for name, value in key.items()]
