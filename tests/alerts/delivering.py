"""A post office for the tests of what is delivered when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from alerts.deliver import Delivered, deliver_once
from alerts.ledger import Ledger
from alerts.model import Alert
from configs.catalog import Catalog
from configs.quiet import Quiet
from stream.errors import NotifyError
from tests.alerts.mailing import Mailbox, make_catalog, make_judged


def town(**rules: Any) -> Catalog:
    """With these rules of quiet.yaml and no others."""
    return make_catalog().model_copy(update={"quiet": Quiet(**rules)})


class Post:
    """Delivers at given instants, and remembers the mails and the counts."""

    def __init__(self, ledger: Ledger, catalog: Catalog, errors: Sequence[NotifyError | None] = ()) -> None:
        self.ledger, self.catalog, self.box = ledger, catalog, Mailbox(errors=list(errors))
        self.counted: Counter[tuple[str, str]] = Counter()

    def at(self, now: datetime) -> Delivered:
        return deliver_once(self.ledger, make_judged, self.catalog, self.box, now, count=self.count)

    def count(self, what: str, reason: str, n: int) -> None:
        self.counted[what, reason] += n

    @property
    def mails(self) -> list[list[str]]:
        return [sorted(ids) for _, ids, _ in self.box.mails]

    def alert(self, name: str) -> Alert:
        with self.ledger.read() as tx:
            found = tx.alerts.get(name)
        assert found is not None
        return found
