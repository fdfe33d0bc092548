"""What the rules of time windows count: a part of the ledger's contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from alerts.ledger import Ledger
from alerts.ledger.tallies import Conditions, Episode, Sum, Tally
from tests.alerts.town import HOUR, NOW
from tests.contract.ledger_base import WithLedger

ALL = Conditions()


def tally(post_id: str, **changes: Any) -> Tally:
    base = Tally(post_id, NOW - HOUR, "wages", "330106", "board", 2, True, "ev-1", words="|工资|跳闸|")
    return replace(base, **changes)


class TalliesContract(WithLedger):
    def test_posts_are_counted_by_group_once(self, ledger: Ledger) -> None:
        rows = [tally("a"), tally("b", negative=False), tally("c", topic="ecology"), tally("d", near_copy=True)]
        for _ in range(2):
            with ledger.begin() as tx:
                tx.tallies.add([*rows, tally("e", live=False), tally("f", topic="")])
                tx.tallies.take_turn()
                tx.tallies.roll_up()
        with ledger.read() as tx:
            window = tx.tallies.window(("topic", "severity"), ALL, NOW - 2 * HOUR, NOW, 1)
            assert window == {("wages", "2"): Sum(2, 1, 2), ("ecology", "2"): Sum(1, 1, 2)}
            counted = tx.tallies.counted(("topic",), ALL, NOW - 2 * HOUR, NOW)
            assert counted == {("wages",): Sum(3, 2), ("ecology",): Sum(1, 1)}
            assert tx.tallies.total(NOW - 2 * HOUR, NOW) == 6
            assert tx.tallies.total(NOW - 2 * HOUR, NOW, "forum") == 0
            assert tx.tallies.counted((), Conditions(topics=("land",)), NOW - 2 * HOUR, NOW) == {(): Sum(0, 0)}

    def test_conditions_of_topic_region_source_and_severity(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.tallies.add(
                [tally("a"), tally("b", region="330109"), tally("c", source="forum"), tally("d", severity=4)]
            )
        with ledger.read() as tx:
            for which, found in (
                (Conditions(regions=("330109",)), 1),
                (Conditions(regions=("330100",)), 4),
                (Conditions(sources=("forum",)), 1),
                (Conditions(severity_min=3), 1),
                (Conditions(topics=("land",)), 0),
            ):
                sums = tx.tallies.window((), which, NOW - 2 * HOUR, NOW, 1)
                assert sum(one.posts for one in sums.values()) == found

    def test_posts_of_a_group_and_with_a_word_newest_first(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.tallies.add([tally("a"), tally("b", at=NOW), tally("c", words="|跳闸板|"), tally("d", topic="land")])
        with ledger.read() as tx:
            posts = tx.tallies.posts({"topic": "wages", "county": "330106"}, ALL, NOW - 2 * HOUR, NOW, 9)
            assert [one.post_id for one in posts] == ["b", "a", "c"]
            assert posts[1] == tally("a")
            words = tx.tallies.with_word("跳闸", ALL, NOW - 2 * HOUR, NOW, 9)
            assert [one.post_id for one in words] == ["b", "a", "d"]

    def test_words_have_risen_when_the_days_before_had_few_of_them(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.tallies.add([tally("old", at=NOW - timedelta(days=20), words="|工资|"), tally("a"), tally("b")])
            tx.tallies.roll_up()
        with ledger.read() as tx:
            assert tx.tallies.first_day() == "2026-11-05"
            assert tx.tallies.risen_words("2026-11-24", "2026-10-01", 2, 9) == {"跳闸": 0}
            assert tx.tallies.risen_words("2026-11-24", "2026-10-01", 3, 1) == {}

    def test_what_the_days_before_had_is_told_with_a_word_and_may_be_too_much(self, ledger: Ledger) -> None:
        long_ago = NOW - timedelta(days=20)
        with ledger.begin() as tx:
            tx.tallies.add([tally("old", at=long_ago), tally("filled", at=long_ago - timedelta(days=1), live=False)])
            tx.tallies.add([tally(f"p{n}") for n in range(4)])
            tx.tallies.roll_up()
        with ledger.read() as tx:
            assert tx.tallies.risen_words("2026-11-24", "2026-10-01", 4, 2)["跳闸"] == 2
            assert "跳闸" not in tx.tallies.risen_words("2026-11-24", "2026-10-01", 4, 2.1)

    def test_what_is_old_is_let_go_but_never_before_it_was_counted(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.tallies.add([tally("old", at=NOW - timedelta(days=20))])
            tx.tallies.forget(NOW, NOW)
            assert tx.tallies.roll_up() == 1
            tx.tallies.forget(NOW, NOW - timedelta(days=30))
            assert tx.tallies.last_posts() == {}
            assert tx.tallies.begins() == NOW - timedelta(days=20)
            tx.tallies.forget(NOW, NOW)
            assert (tx.tallies.begins(), tx.tallies.first_day()) == (None, "")

    def test_episodes_are_kept_by_rule_and_group(self, ledger: Ledger) -> None:
        first = Episode("spike", "topic=wages", NOW - HOUR, NOW, 1, {"event": "ev-1"})
        with ledger.begin() as tx:
            tx.tallies.keep(first)
            tx.tallies.keep(replace(first, level=2))
            tx.tallies.keep(replace(first, rule="other"))
        with ledger.read() as tx:
            assert tx.tallies.episodes("spike") == {"topic=wages": replace(first, level=2)}

    def test_the_watermark_is_the_newest_live_post_that_is_not_in_the_future(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            assert tx.tallies.newest(NOW) is None
            tx.tallies.add([tally("a"), tally("b", at=NOW, live=False), tally("c", at=NOW + HOUR)])
            assert tx.tallies.newest(NOW) == NOW - HOUR
            assert tx.tallies.last_posts() == {"board": NOW + HOUR}
