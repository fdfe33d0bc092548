"""Several processes decide on one ledger: what another has decided is taken up before more is decided."""

from __future__ import annotations

import pytest

from alerts.ledger import Ledger
from stream.errors import Conflict
from stream.log import Record
from stream.messages import JUDGED, Judged, encode_judged
from tests.alerts.deciding import Town
from tests.alerts.town import NOW, judged


def take(town: Town, *ids: str, partition: int = 0) -> None:
    """As the deciding stage does it: a Conflict is tried again."""
    records = [
        Record(JUDGED, partition, offset, "330782", encode_judged(one), NOW)
        for offset, one in enumerate(map(told, ids))
    ]
    try:
        town.decider.handle(records)
    except Conflict:
        town.decider.handle(records)


def told(post_id: str) -> Judged:
    return judged(post_id, title="某工地欠薪")


def posts(town: Town) -> int:
    (one,) = town.events.values()
    return one.posts


def test_two_that_take_turns_grow_one_event_and_open_one_case(ledger: Ledger) -> None:
    one, other = Town(ledger), Town(ledger)
    take(one, "p1")
    take(other, "p2")
    take(one, "p3")
    take(other, "p4", "p5")
    assert posts(one) == 5
    assert len(one.cases) == 1


def test_what_another_decided_is_a_conflict_not_a_wrong_event(ledger: Ledger) -> None:
    one, other = Town(ledger), Town(ledger)
    take(one, "p1")
    take(other, "p2")
    record = Record(JUDGED, 0, 2, "330782", encode_judged(told("p3")), NOW)
    with pytest.raises(Conflict):
        one.decider.handle([record])
    assert posts(one) == 2


def test_who_decides_alone_reads_the_events_once(ledger: Ledger) -> None:
    town = Town(ledger)
    for number in range(4):
        take(town, f"p{number}")
    assert len(town.indexes) == 1


def test_others_partitions_do_not_disturb(ledger: Ledger) -> None:
    one, other = Town(ledger), Town(ledger)
    take(one, "p1", partition=0)
    take(other, "p2", partition=1)
    take(one, "p3", partition=0)
    take(other, "p4", partition=1)
    assert (len(one.indexes), len(other.indexes)) == (1, 1)


def test_what_is_forgotten_is_taken_up_anew_with_the_next_batch(ledger: Ledger) -> None:
    town = Town(ledger)
    take(town, "p1")
    town.decider.forget()
    take(town, "p2")
    take(town, "p3")
    assert len(town.indexes) == 2
    assert posts(town) == 3
