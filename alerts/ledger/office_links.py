"""The signed links that were sent to offices, and which of them somebody revoked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from alerts.ledger.columns import names_of
from alerts.ledger.rows import add_rows
from alerts.ledger.tables_delivery import office_links


@dataclass(frozen=True, slots=True)
class SentLink:
    """One link. `id` is its name in the books (`alerts.links.name_of`), `mail` the id of the mail that it stands in."""

    id: str
    case_id: str
    office: str
    made_at: datetime
    mail: str = ""
    revoked_at: datetime | None = None
    revoked_by: str = ""
    reason: str = ""


_LINK = [office_links.c[name] for name in names_of(SentLink)]


class OfficeLinks:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, links: Sequence[SentLink]) -> None:
        """Note those that are not there yet, by id."""
        if links:
            add_rows(self._conn, office_links, [_row(link) for link in links])

    def get(self, link_id: str) -> SentLink | None:
        row = self._conn.execute(select(*_LINK).where(office_links.c.id == link_id)).first()
        return SentLink(*row) if row else None

    def of_case(self, case_id: str) -> list[SentLink]:
        """The newest first."""
        query = select(*_LINK).where(office_links.c.case_id == case_id)
        rows = self._conn.execute(query.order_by(office_links.c.made_at.desc(), office_links.c.id))
        return [SentLink(*row) for row in rows]

    def revoke(self, link: SentLink, actor: str, at: datetime, reason: str) -> bool:
        """Whether this revoked it, known before or not; False when somebody did before. There is no way back."""
        self.add([link])
        mine = update(office_links).where(office_links.c.id == link.id, office_links.c.revoked_at.is_(None))
        done = self._conn.execute(mine.values(revoked_at=at, revoked_by=actor, reason=reason).returning(_LINK[0]))
        return done.first() is not None

    def is_revoked(self, link_id: str) -> bool:
        query = select(office_links.c.revoked_at).where(office_links.c.id == link_id)
        return self._conn.execute(query).scalar_one_or_none() is not None


def _row(link: SentLink) -> dict[str, Any]:
    return {name: getattr(link, name) for name in names_of(SentLink)}
