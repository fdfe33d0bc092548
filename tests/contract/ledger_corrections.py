"""Corrections of judgements: a part of the ledger's contract."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alerts.corrections import Correction
from alerts.ledger import Ledger
from tests.alerts.town import HOUR, NOW
from tests.contract.ledger_base import SHANGHAI, WithLedger


def correction(post_id: str = "p1", **changes: Any) -> Correction:
    values = {"field": "topic", "value": "wages", "before": "ecology", "actor": "wang", "at": NOW, "note": "说的是工资"}
    return Correction(post_id, **{**values, **changes})


class CorrectionsContract(WithLedger):
    def test_corrections_come_back_by_post_oldest_first(self, ledger: Ledger) -> None:
        first, second = correction(), correction(value="housing", before="wages", at=NOW + HOUR, actor="li")
        other = correction("p2", field="place", value="", before="330106", note="")
        with ledger.begin() as tx:
            tx.corrections.add([first, other])
            tx.corrections.add([second])
        with ledger.read() as tx:
            assert tx.corrections.of_posts(["p1", "p2", "p3"]) == {"p1": [first, second], "p2": [other]}
            assert tx.corrections.of_posts([]) == {}
            assert tx.corrections.since() == [first, other, second]
            assert tx.corrections.since(NOW + HOUR) == [second]

    def test_the_order_is_that_of_writing_whatever_the_clocks_say(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.corrections.add([correction(at=NOW + HOUR, value="housing")])
            tx.corrections.add([correction(at=NOW, value="land")])
            assert [one.value for one in tx.corrections.of_posts(["p1"])["p1"]] == ["housing", "land"]

    def test_the_same_correction_again_changes_nothing(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.corrections.add([correction()])
            tx.corrections.add([correction(at=NOW.astimezone(SHANGHAI)), correction(field="office", value="renshe")])
            assert [one.field for one in tx.corrections.since()] == ["topic", "office"]

    def test_the_newest_number_tells_whether_there_is_any_and_whether_one_was_added(self, ledger: Ledger) -> None:
        with ledger.read() as tx:
            assert tx.corrections.newest_number() == 0
        seen = []
        for minutes in range(3):
            with ledger.begin() as tx:
                tx.corrections.add([correction(at=NOW + timedelta(minutes=minutes))])
            with ledger.read() as tx:
                seen.append(tx.corrections.newest_number())
        assert seen == sorted(set(seen))
        assert seen[0] > 0

    def test_thousands_of_posts_are_looked_up_in_one_call(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.corrections.add([correction("p00007"), correction("p02999")])
            assert set(tx.corrections.of_posts([f"p{n:05d}" for n in range(3000)])) == {"p00007", "p02999"}

    def test_a_correction_needs_a_writing_transaction(self, ledger: Ledger) -> None:
        with pytest.raises(Exception, match=r"(?i)read-?only"), ledger.read() as tx:
            tx.corrections.add([correction()])
