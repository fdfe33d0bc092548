"""The books after the storm: what was published against what is archived, decided and mailed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alerts.ledger import AlertFilter
from alerts.notify.compose import fingerprint
from app.stages import SOURCES
from app.wire import House
from stream.archive import Query
from stream.dead import list_dead
from stream.messages import Judged

AT_ONCE = 500  # posts looked up at a time


@dataclass
class Books:
    """What was found. Every list holds ids, for whoever has to look for the reason."""

    published: int
    archived: int = 0
    missing: list[str] = field(default_factory=list)  # published, but not in the archive
    undecided: list[str] = field(default_factory=list)  # archived and not set aside, but of no event
    doubled: int = 0  # archived more often than once
    split: list[str] = field(default_factory=list)  # planted events that are not one event with one case
    unsent: list[str] = field(default_factory=list)  # alerts that should have been mailed and were not
    twice: list[str] = field(default_factory=list)  # alerts that two different mails told
    dead: dict[str, int] = field(default_factory=dict)
    lag: int = 0

    @property
    def lost(self) -> int:
        return len(self.missing) + len(self.undecided)

    def is_clean(self, dead: Mapping[str, int]) -> bool:
        """Whether nothing was lost or doubled, with exactly these dead letters."""
        wrong = (self.lost, self.doubled, self.split, self.unsent, self.twice, self.lag)
        return not any(wrong) and self.dead == dict(dead)


def balance(
    house: House, posts: Sequence[str], planted: Sequence[Sequence[str]], told: Mapping[str, set[str]]
) -> Books:
    """Compare all stores.

    Args:
        posts: ids of all published posts, each once.
        planted: for each planted event the ids of its posts.
        told: fingerprint of an alert -> the Message-IDs of the mails that told it.
    """
    books = Books(len(posts))
    _look_into_archive(books, house, posts)
    _look_into_ledger(books, house, planted)
    _look_into_mails(books, house, told)
    books.dead = {stage: len(list_dead(house.log, stage)) for stage in SOURCES}
    books.lag = lag_of(house)
    return books


def lag_of(house: House) -> int:
    """Records that a stage has not committed, of all stages."""
    return sum(house.log.lag(topic, stage) for stage, topic in SOURCES.items())


def _look_into_archive(books: Books, house: House, posts: Sequence[str]) -> None:
    wanted: list[str] = []
    for start in range(0, len(posts), AT_ONCE):
        ids = posts[start : start + AT_ONCE]
        found = _found(house, ids)
        books.archived += len(found)
        books.missing += [post for post in ids if post not in found]
        wanted += [post for post, one in found.items() if not one.judgement.set_aside]
    total = house.archive.search(Query(limit=1, set_aside=None)).total
    books.doubled = total - books.archived
    with house.ledger.read() as tx:
        decided = tx.events.of_posts(wanted)
    books.undecided = [post for post in wanted if post not in decided]


def _found(house: House, ids: Sequence[str]) -> dict[str, Judged]:
    hits = house.archive.search(Query(ids=tuple(ids), limit=len(ids), set_aside=None)).hits
    return {hit.judged.post.id: hit.judged for hit in hits}


def _look_into_ledger(books: Books, house: House, planted: Sequence[Sequence[str]]) -> None:
    with house.ledger.read() as tx:
        for posts in planted:
            events = set(tx.events.of_posts(posts).values())
            cases = tx.cases.by_events(list(events))
            if len(events) != 1 or len(cases) != 1:
                books.split.append(f"{posts[0]}: {len(events)} events, {len(cases)} cases")


def _look_into_mails(books: Books, house: House, told: Mapping[str, set[str]]) -> None:
    with house.ledger.read() as tx:
        alerts = tx.alerts.find(AlertFilter(states=("sent", "pending", "failed"), limit=10_000_000))
    for alert in alerts:
        mails = told.get(fingerprint(alert.id), set())
        if not mails:
            books.unsent.append(alert.id)
        elif len(mails) > 1:
            books.twice.append(alert.id)
