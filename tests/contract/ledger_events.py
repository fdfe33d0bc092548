"""Transactions, events and instants: a part of the ledger's contract."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.ledger import EventFilter, Ledger
from tests.alerts.town import HOUR, NOW, event, link
from tests.contract.ledger_base import SHANGHAI, WithLedger, half_done, opened, seed


class EventsContract(WithLedger):
    def test_migrating_again_changes_nothing(self, ledger: Ledger) -> None:
        seed(ledger, event())
        ledger.migrate()
        with ledger.read() as tx:
            assert tx.events.get("ev-1") == event()

    def test_a_transaction_that_raises_leaves_nothing(self, ledger: Ledger) -> None:
        with pytest.raises(ZeroDivisionError):
            half_done(ledger)
        with ledger.read() as tx:
            assert tx.events.get("ev-1") is None

    def test_writing_while_only_looking_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(Exception, match=r"(?i)read-?only"), ledger.read() as tx:
            tx.meters.save_cursor("board", {"page": 1})
        with ledger.begin() as tx:
            tx.meters.save_cursor("board", {"page": 2})
            assert tx.meters.cursor("board") == {"page": 2}

    def test_a_reader_sees_one_state_and_does_not_wait_for_a_writer(self, ledger: Ledger) -> None:
        with ledger.read() as looking:
            assert looking.events.count(EventFilter()) == 0
            seed(ledger, event())
            assert looking.events.count(EventFilter()) == 0
        with ledger.begin() as tx:
            tx.events.save([event("ev-2")], {})
            with ledger.read() as looking:
                assert looking.events.count(EventFilter()) == 1

    def test_another_handle_sees_what_was_committed(self, ledger: Ledger, url: str) -> None:
        seed(ledger, event())
        with closing(Ledger(url)) as again, again.read() as tx:
            assert tx.events.get("ev-1") == event()

    def test_an_event_comes_back_as_it_was(self, ledger: Ledger) -> None:
        full = event(event_grade="较大", merged_into="", place="杭州市西湖区转塘街道")
        seed(ledger, full)
        with ledger.read() as tx:
            assert tx.events.get("ev-1") == full
            assert tx.events.get("ev-9") is None

    def test_saving_an_event_again_replaces_it(self, ledger: Ledger) -> None:
        seed(ledger, event())
        later = event(posts=9, heat=4.0, daily={"2026-11-25": 3, "2026-11-26": 6}, last_seen=NOW + 24 * HOUR)
        with ledger.begin() as tx:
            tx.events.save([later], {"ev-1": b"\x00\xff"})
        with ledger.read() as tx:
            assert list(tx.events.recent(NOW)) == [(later, b"\x00\xff")]

    def test_a_post_belongs_to_the_event_it_was_linked_to_first(self, ledger: Ledger) -> None:
        seed(ledger, event(), event("ev-2"))
        with ledger.begin() as tx:
            assert tx.events.link([link("p1"), link("p2")]) == {"p1", "p2"}
            assert tx.events.link([link("p2", "ev-2"), link("p3", "ev-2")]) == {"p3"}
            assert tx.events.of_posts(["p1", "p2", "p3", "p4"]) == {"p1": "ev-1", "p2": "ev-1", "p3": "ev-2"}

    def test_posts_of_an_event_come_newest_first(self, ledger: Ledger) -> None:
        seed(ledger, event(), event("ev-2"))
        links = [link(f"p{n}", at=NOW - n * HOUR, near_copy=n == 2, accuses=("renshe",)) for n in range(4)]
        with ledger.begin() as tx:
            tx.events.link([*links, link("other", "ev-2")])
            assert tx.events.posts("ev-1") == links
            assert tx.events.posts("ev-1", limit=2) == links[:2]
            since = {"ev-1": NOW - HOUR, "ev-2": NOW + HOUR}
            assert tx.events.posts_since(since) == {"ev-1": links[:2], "ev-2": []}

    def test_thousands_of_posts_in_one_call(self, ledger: Ledger) -> None:
        seed(ledger, event())
        ids = [f"p{n:05d}" for n in range(3000)]
        with ledger.begin() as tx:
            assert len(tx.events.link([link(one) for one in ids])) == 3000
            assert len(tx.events.of_posts(ids)) == 3000

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (EventFilter(), ["hot", "west", "quiet"]),
            (EventFilter(sort="newest"), ["quiet", "hot", "west"]),
            (EventFilter(sort="severity"), ["west", "quiet", "hot"]),
            (EventFilter(sort="posts"), ["quiet", "west", "hot"]),
            (EventFilter(topics=("ecology", "housing")), ["quiet"]),
            (EventFilter(region="330106"), ["west"]),
            (EventFilter(region="330100"), ["hot", "west"]),
            (EventFilter(region="330000"), ["hot", "west", "quiet"]),
            (EventFilter(region="440000"), []),
            (EventFilter(severity_min=2), ["west", "quiet"]),
            (EventFilter(min_posts=5), ["west", "quiet"]),
            (EventFilter(since=NOW - 2 * HOUR), ["hot", "quiet"]),
            (EventFilter(until=NOW - 2 * HOUR), ["west"]),
            (EventFilter(text="转塘"), ["west"]),
            (EventFilter(text="噪声"), ["quiet"]),
            (EventFilter(text="100%"), ["hot"]),
            (EventFilter(text="%"), ["hot"]),
            (EventFilter(text="CBD"), ["hot"]),
            (EventFilter(without_case=True), ["hot", "quiet"]),
            (EventFilter(without_case=False), ["west"]),
            (EventFilter(limit=1, offset=1), ["west"]),
        ],
    )
    def test_events_are_found_by(self, ledger: Ledger, wanted: EventFilter, found: list[str]) -> None:
        hot = event("hot", heat=9.0, region="330109", posts=3, severity=1, last_seen=NOW - HOUR)
        west = event("west", heat=5.0, region="330106", posts=6, severity=4, last_seen=NOW - 3 * HOUR)
        quiet = event("quiet", heat=1.0, region="330212", posts=8, severity=2, last_seen=NOW, topic="ecology")
        seed(
            ledger,
            replace(hot, title="cbd工地100%没发工资", place="杭州市萧山区"),
            replace(quiet, title="夜间施工", keywords=("噪声", "夜间")),
            event("gone", merged_into="hot"),
        )
        opened(ledger, replace(west, place="杭州市西湖区转塘街道"))
        with ledger.read() as tx:
            assert [one.id for one in tx.events.find(wanted)] == found
            if not wanted.offset:
                assert tx.events.count(wanted) == len(found)

    def test_recent_events_leave_out_old_and_merged_ones(self, ledger: Ledger) -> None:
        seed(ledger, event("a"), event("b", last_seen=NOW - 9 * HOUR), event("c", merged_into="a"))
        with ledger.read() as tx:
            assert [(one.id, sign) for one, sign in tx.events.recent(NOW - HOUR)] == [("a", b"a")]

    def test_instants_are_stored_as_such_whatever_their_zone(self, ledger: Ledger) -> None:
        seed(ledger, event(last_seen=NOW.astimezone(SHANGHAI)))
        with ledger.read() as tx:
            stored = tx.events.get("ev-1")
            assert stored is not None
            assert stored.last_seen == NOW
            assert stored.last_seen.utcoffset() == timedelta(0)
            assert tx.events.count(EventFilter(since=NOW.astimezone(SHANGHAI))) == 1

    def test_an_instant_without_a_zone_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(Exception, match="timezone"):
            seed(ledger, event(last_seen=NOW.replace(tzinfo=None)))
