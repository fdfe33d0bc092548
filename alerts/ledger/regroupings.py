"""What staff said of which posts tell of one event. Rows are only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, or_, select

from alerts.ledger.columns import insert_for, names_of, utc
from alerts.ledger.tables import regroupings

Kind = Literal["merge", "split"]


@dataclass(frozen=True, slots=True)
class Regrouping:
    """merge: `event_id` took over `other_id`; split: `other_id` was founded by `posts` of `event_id`.

    `posts` are those that went from the one to the other.
    """

    kind: Kind
    event_id: str
    other_id: str
    posts: tuple[str, ...]
    actor: str
    at: datetime
    note: str


_COLUMNS = [regroupings.c[name] for name in names_of(Regrouping)]


class Regroupings:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, new: Regrouping) -> None:
        """The same again changes nothing."""
        row = {name: getattr(new, name) for name in names_of(Regrouping)}
        row |= {"posts": list(new.posts), "id": f"{new.kind}:{new.event_id}:{new.other_id}:{utc(new.at).isoformat()}"}
        self._conn.execute(insert_for(self._conn, regroupings).values(row).on_conflict_do_nothing())

    def of_event(self, event_id: str) -> list[Regrouping]:
        """Those that the event had a part in, oldest first."""
        mine = or_(regroupings.c.event_id == event_id, regroupings.c.other_id == event_id)
        query = select(*_COLUMNS).where(mine).order_by(regroupings.c.seq)
        return [_regrouping(row) for row in self._conn.execute(query)]

    def all(self) -> list[Regrouping]:
        """Oldest first."""
        return [_regrouping(row) for row in self._conn.execute(select(*_COLUMNS).order_by(regroupings.c.seq))]


def _regrouping(row: Row[*tuple[Any, ...]]) -> Regrouping:
    values = {name: getattr(row, name) for name in names_of(Regrouping)}
    return Regrouping(**{**values, "posts": tuple(values["posts"])})
