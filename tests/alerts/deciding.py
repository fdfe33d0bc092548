"""A plain index and what is needed to run a Decider in tests: posts with the same title are one event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.decide import Decider
from alerts.ledger import AlertFilter, CaseFilter, EventFilter, Ledger
from alerts.model import Alert, Case, Event, EventPost
from configs.catalog import Catalog
from stream.log import Record
from stream.messages import JUDGED, Judged, encode_judged
from tests.alerts.town import NOW, catalog, event

WINDOW = timedelta(days=45)


@dataclass(frozen=True)
class Placed:
    event: Event
    post: EventPost


class TitleIndex:
    """Posts with the same title and county are one event; its signature is the title."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}

    def assign(self, judged: Sequence[Judged]) -> list[Placed]:
        return [self._assign(one) for one in judged]

    def _assign(self, judged: Judged) -> Placed:
        post, judgement = judged.post, judged.judgement
        key = f"ev-{post.title}"
        known = self.events.get(key)
        first = event(key, title=post.title, topic=judgement.topic, region=judgement.place.code, posts=0, severity=1)
        before = known or replace(first, first_seen=post.published_at, last_seen=post.published_at, sources={})
        after = replace(
            before,
            posts=before.posts + 1,
            severity=max(before.severity, judgement.severity),
            last_seen=max(before.last_seen, post.published_at),
            sources=dict(Counter(before.sources) + Counter([post.source])),
        )
        self.events[key] = after
        copy = bool(judgement.near_copy_of)
        return Placed(after, EventPost(post.id, key, post.published_at, post.source, judgement.severity, 1.0, copy))

    def restore(self, rows: Iterable[tuple[Event, bytes]]) -> None:
        for one, signature in rows:
            if signature.decode() != one.title:
                raise AssertionError(f"{one.id} came back with the wrong signature")
            self.events[one.id] = one

    def signature(self, event_id: str) -> bytes:
        return self.events[event_id].title.encode()


class Town:
    """One ledger with its decider, on a clock that the test sets."""

    def __init__(self, ledger: Ledger, town: Catalog | None = None) -> None:
        self.ledger = ledger
        self.catalog = town or catalog()
        self.now = NOW
        self.counts: Counter[tuple[str, str]] = Counter()
        self.indexes: list[TitleIndex] = []
        self.decider = self.restart()

    def restart(self) -> Decider:
        """A new decider, as after a crash."""
        self.decider = Decider(
            self.ledger, self.catalog, self._index, WINDOW, clock=lambda: self.now, count=self._count
        )
        return self.decider

    def _index(self) -> TitleIndex:
        self.indexes.append(TitleIndex())
        return self.indexes[-1]

    def _count(self, what: str, reason: str, n: int) -> None:
        self.counts[what, reason] += n

    def take(self, *judged: Judged) -> None:
        self.decider.handle(records(judged))

    @property
    def cases(self) -> list[Case]:
        with self.ledger.read() as tx:
            return tx.cases.find(CaseFilter(sort="newest"))

    @property
    def alerts(self) -> list[Alert]:
        """Oldest first."""
        with self.ledger.read() as tx:
            return tx.alerts.find(AlertFilter())[::-1]

    @property
    def events(self) -> dict[str, Event]:
        with self.ledger.read() as tx:
            return {one.title: one for one in tx.events.find(EventFilter())}

    def verbs(self, case: Case) -> list[str]:
        with self.ledger.read() as tx:
            return [action.verb for action in tx.cases.actions(case.id)]


def records(judged: Sequence[Judged], at: datetime = NOW) -> list[Record]:
    return [Record(JUDGED, 0, n, one.partition_key, encode_judged(one), at) for n, one in enumerate(judged)]
