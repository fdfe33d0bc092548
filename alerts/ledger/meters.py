"""What was counted per hour, how each source fares, and how far each crawl has come."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, select

from alerts.ledger.columns import insert_for, names_of
from alerts.ledger.rows import add_rows, one_of
from alerts.ledger.tables import cursors, meters, source_runs

KEEP_RUNS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Meter:
    """How often `part` did `what` for `reason`: Meter("crawl", "dropped", "robots", 12)."""

    part: str
    what: str
    reason: str
    n: int


@dataclass(frozen=True, slots=True)
class SourceRun:
    """One visit to a source: `items` seen, `new` among them; `reason` says in Chinese why it is not `ok`."""

    source: str
    at: datetime
    ok: bool
    items: int
    new: int
    reason: str = ""


_RUN = [source_runs.c[name] for name in names_of(SourceRun)]


class Meters:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, hour: datetime, part: str, what: str, reason: str, n: int) -> None:
        """Add `n` to the hour that `hour` lies in."""
        start = hour.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        insert = insert_for(self._conn, meters).values(hour=start, part=part, what=what, reason=reason, n=n)
        keys = ["hour", "part", "what", "reason"]
        self._conn.execute(insert.on_conflict_do_update(index_elements=keys, set_={"n": meters.c.n + n}))

    def totals(self, since: datetime, until: datetime) -> list[Meter]:
        """Sums over the hours that start in `since` <= hour < `until`, ordered by part, what and reason."""
        key = (meters.c.part, meters.c.what, meters.c.reason)
        query = select(*key, func.sum(meters.c.n)).where(meters.c.hour >= since, meters.c.hour < until)
        return [Meter(*row) for row in self._conn.execute(query.group_by(*key).order_by(*key))]

    def source_run(self, run: SourceRun) -> None:
        """Note a visit; visits older than 30 days are forgotten."""
        row = {name: getattr(run, name) for name in names_of(SourceRun)}
        insert = insert_for(self._conn, source_runs).values(row)
        self._conn.execute(insert.on_conflict_do_update(index_elements=["source", "at"], set_=row))
        old = (source_runs.c.source == run.source) & (source_runs.c.at < run.at - KEEP_RUNS)
        self._conn.execute(delete(source_runs).where(old))

    def source_health(self) -> list[SourceRun]:
        """The latest visit to each source, by source."""
        latest = select(source_runs.c.source, func.max(source_runs.c.at).label("at")).group_by(source_runs.c.source)
        last = latest.subquery()
        same = (source_runs.c.source == last.c.source) & (source_runs.c.at == last.c.at)
        rows = self._conn.execute(select(*_RUN).join(last, same).order_by(source_runs.c.source))
        return [SourceRun(*row) for row in rows]

    def cursor(self, source: str) -> dict[str, Any]:
        """Where the next crawl of the source goes on; {} if it never ran."""
        found = self._conn.execute(select(cursors.c.cursor).where(cursors.c.source == source)).scalar()
        return dict(found) if found else {}

    def cursors(self, prefix: str) -> dict[str, dict[str, Any]]:
        """Every cursor whose name begins so, by the rest of the name."""
        query = select(cursors.c.source, cursors.c.cursor).where(cursors.c.source.startswith(prefix, autoescape=True))
        return {name.removeprefix(prefix): dict(cursor) for name, cursor in self._conn.execute(query)}

    def take_cursors(self, names: Collection[str]) -> dict[str, dict[str, Any]]:
        """The cursors of these names, {} for one that never was, kept from all others until the transaction ends: so
        to look at them and to write them is one step."""
        query = select(cursors.c.source, cursors.c.cursor).order_by(cursors.c.source).with_for_update()
        query = query.where(one_of(self._conn.dialect.name, cursors.c.source, "names"))
        found = self._conn.execute(query, {"names": list(names)}).all()
        if len(found) < len(names):
            add_rows(self._conn, cursors, [{"source": name, "cursor": {}} for name in names])
            found = self._conn.execute(query, {"names": list(names)}).all()
        return {name: dict(cursor) for name, cursor in found}

    def save_cursor(self, source: str, cursor: Mapping[str, Any]) -> None:
        insert = insert_for(self._conn, cursors).values(source=source, cursor=dict(cursor))
        self._conn.execute(insert.on_conflict_do_update(index_elements=["source"], set_={"cursor": dict(cursor)}))
