"""What staff said of posts in place of the model. Rows are only ever added; of one post and field the newest holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, func, select

from alerts.corrections import Correction
from alerts.ledger.columns import insert_for, names_of, utc
from alerts.ledger.engine import take_turns
from alerts.ledger.rows import one_of
from alerts.ledger.tables import corrections

CORRECTING = 6_011_575  # the lock of those that correct
_CORRECTION = [corrections.c[name] for name in names_of(Correction)]


class Corrections:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, new: Sequence[Correction]) -> None:
        """Needs a writing transaction; those that correct take turns until theirs ends, so that numbers become visible
        in order and `newest_number` misses none. The same correction again changes nothing."""
        take_turns(self._conn, CORRECTING)
        for one in new:
            row = {name: getattr(one, name) for name in names_of(Correction)} | {"id": _id(one)}
            self._conn.execute(insert_for(self._conn, corrections).values(row).on_conflict_do_nothing())

    def newest_number(self) -> int:
        """The number of the newest correction of any post, 0 when there are none: whether there is anything to look up, and
        whether anything was added since. Read off the end of an index."""
        found: int = self._conn.execute(_NEWEST).scalar_one()
        return found

    def of_posts(self, post_ids: Sequence[str]) -> dict[str, list[Correction]]:
        """post id -> its corrections, oldest first, for the posts that have some; one query."""
        found: defaultdict[str, list[Correction]] = defaultdict(list)
        if post_ids:
            for row in self._conn.execute(_of_posts(self._conn.dialect.name), {"posts": list(post_ids)}).all():
                found[row.post_id].append(Correction(*row))
        return dict(found)

    def since(self, at: datetime | None = None) -> list[Correction]:
        """All corrections, or those made since, oldest first."""
        query = select(*_CORRECTION).order_by(corrections.c.seq)
        return [
            Correction(*row) for row in self._conn.execute(query.where(corrections.c.at >= at) if at else query).all()
        ]


def _id(one: Correction) -> str:
    return f"{one.post_id}:{one.field}:{utc(one.at).isoformat()}"


_NEWEST = select(func.coalesce(func.max(corrections.c.seq), 0))


@cache
def _of_posts(dialect: str) -> Select[*tuple[Any, ...]]:
    """Built once: building a statement takes longer than running it."""
    return select(*_CORRECTION).where(one_of(dialect, corrections.c.post_id, "posts")).order_by(corrections.c.seq)
