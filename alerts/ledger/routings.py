"""Versions of the dispatch tree, and where people sent cases instead of where it had."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from alerts.dispatch_rules import Override
from alerts.ledger.columns import insert_for
from alerts.ledger.tables import actions, cases, events, route_versions

SENDING = ("open", "dispatch", "redispatch")


@dataclass(frozen=True, slots=True)
class RouteVersion:
    """A dispatch tree as it was. `tree`: its JSON. `cases`: how many were opened under it."""

    version: str
    first_used_at: datetime
    author: str
    tree: str
    cases: int = 0


class Routings:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def note(self, version: str, tree: str, author: str, now: datetime) -> None:
        """That the tree is in use; who used it first stays."""
        row = {"version": version, "first_used_at": now, "author": author, "tree": tree}
        self._conn.execute(insert_for(self._conn, route_versions).values(row).on_conflict_do_nothing())

    def versions(self) -> list[RouteVersion]:
        """Every tree that was ever in use, the newest first."""
        counts = self._opened()
        query = select(route_versions).order_by(route_versions.c.first_used_at.desc(), route_versions.c.version)
        return [
            RouteVersion(row.version, row.first_used_at, row.author, row.tree, counts.get(row.version, 0))
            for row in self._conn.execute(query).all()
        ]

    def overrides(self, since: datetime | None = None) -> list[Override]:
        """Cases that a person sent to another office than the tree, with where they are now, oldest first."""
        moved = select(actions.c.case_id).where(actions.c.verb == "redispatch")
        if since is not None:
            moved = moved.where(actions.c.at >= since)
        query = (
            select(actions, cases.c.number, cases.c.topic, cases.c.region, events.c.office_hint, events.c.keywords)
            .join(cases, cases.c.id == actions.c.case_id)
            .join(events, events.c.id == cases.c.event_id)
            .where(actions.c.case_id.in_(moved), actions.c.verb.in_(SENDING))
            .order_by(actions.c.case_id, actions.c.at, actions.c.id)
        )
        its: defaultdict[str, list[Row[Any]]] = defaultdict(list)
        for row in self._conn.execute(query).all():
            its[row.case_id].append(row)
        return sorted(_overrides(its.values()), key=lambda one: (one.at, one.number))

    def _opened(self) -> dict[str, int]:
        version = actions.c.data["routes"].as_string()
        query = select(version, func.count()).where(actions.c.verb == "open").group_by(version)
        return {row[0]: row[1] for row in self._conn.execute(query).all() if row[0]}


def _overrides(cases_rows: Iterable[list[Row[Any]]]) -> Iterator[Override]:
    for rows in cases_rows:
        first, last = rows[0], rows[-1]
        sent, now_at = str(first.data.get("office", "")), str(last.data.get("office", ""))
        if sent and now_at and sent.partition("@")[0] != now_at.partition("@")[0]:
            yield Override(
                number=last.number,
                at=last.at,
                actor=last.actor,
                note=last.note,
                topic=last.topic,
                hint=last.office_hint,
                region=last.region,
                keywords=tuple(last.keywords),
                sent=sent.partition("@")[0],
                office=now_at.partition("@")[0],
            )
