"""History judged again: only the archive changes, staff's corrections stand, and no stop and no death loses a post."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.corrections import Correction
from alerts.ledger import AlertFilter, CaseFilter, EventFilter
from app.rejudge_notes import Answer, Change, Notes, Outcome
from app.rejudging import Rejudge, Span, behind, notes_path, open_group, passing
from app.wire import House
from stream.errors import MinshengError, Unavailable
from stream.log import REREADS, Out
from stream.messages import JUDGED, RAW, Judged, Post, encode_judged
from tests.app.rejudged import (
    AT,
    GROUP,
    archived,
    fill,
    house,
    judged_of,
    models,
    new_model,
    notes,
    post_of,
    publish,
    run,
)

__all__ = ["house", "notes"]  # fixtures


# --- what is written -------------------------------------------------------------------------------------------------


def test_the_archive_has_the_new_answers_and_nothing_else_changed(house: House, notes: Notes) -> None:
    fill(house, *"abcdefg")
    run(house, notes)
    assert models(house) == dict.fromkeys("abcdefg", "new")
    assert (archived(house, "b").topic, archived(house, "b").severity) == ("municipal", 3)
    assert archived(house, "b").near_copy_of == "a"
    assert house.log.lag(JUDGED, "decide") == 0
    with house.ledger.read() as tx:
        assert (tx.events.find(EventFilter()), tx.cases.find(CaseFilter()), tx.alerts.find(AlertFilter())) == (
            [],
            [],
            [],
        )
    assert notes.counts == {"judged": 7}


def test_an_earlier_fetch_never_replaces_a_later_one(house: House, notes: Notes) -> None:
    (first,) = fill(house, "a")
    later = replace(first, counts={"likes": 9}, fetched_at=first.fetched_at + timedelta(hours=1))
    house.archive.upsert([judged_of(later)])
    run(house, notes)
    assert house.archive.get("a") == judged_of(later)
    publish(house, later)
    run(house, notes)
    found = house.archive.get("a")
    assert found is not None
    assert (found.post, found.judgement.model) == (later, "new")
    assert notes.counts == {"older": 1, "judged": 1}


def test_both_fetches_in_one_batch_leave_the_later_one(house: House, notes: Notes) -> None:
    (first,) = fill(house, "a")
    later = replace(first, counts={"likes": 9}, fetched_at=first.fetched_at + timedelta(hours=1))
    publish(house, later)
    run(house, notes)
    found = house.archive.get("a")
    assert found is not None
    assert (found.post, found.judgement.model) == (later, "new")
    publish(house, later, first)  # they come again, as after a crash of the crawl
    run(house, notes)
    assert house.archive.get("a") == found
    assert notes.counts == {"judged": 3, "older": 1}


def test_what_is_not_archived_stays_so_and_what_has_no_raw_record_stays_as_it_is(house: House, notes: Notes) -> None:
    fill(house, "a")
    publish(house, post_of("purged"))
    house.archive.upsert([judged_of(post_of("trimmed"))])
    run(house, notes)
    assert models(house) == {"a": "new", "trimmed": "old"}
    assert notes.counts == {"judged": 1, "not_archived": 1}


def test_a_time_that_was_asked_for_bounds_what_is_judged(house: House, notes: Notes) -> None:
    posts = [post_of(str(day), published_at=AT + timedelta(days=day)) for day in range(4)]
    publish(house, *posts)
    house.archive.upsert([judged_of(post) for post in posts])
    run(house, notes, span=Span(AT + timedelta(days=1), AT + timedelta(days=3)))
    assert models(house) == {"0": "old", "1": "new", "2": "new", "3": "old"}


def test_a_bad_record_and_a_post_that_fails_harm_no_other(
    house: House, notes: Notes, caplog: pytest.LogCaptureFixture
) -> None:
    fill(house, "a")
    house.log.publish(RAW, [Out("k", b"{broken")])
    fill(house, *"bcd")

    def fails(posts: Sequence[Post]) -> list[Judged]:
        if any(post.id == "c" for post in posts):
            raise ValueError("c")
        return new_model(posts)

    counted: Counter[tuple[str, str]] = Counter()
    run(house, notes, fails, count=lambda what, reason, n: counted.update({(what, reason): n}))
    assert models(house) == {"a": "new", "b": "new", "c": "old", "d": "new"}
    assert notes.counts == {"judged": 3, "unreadable": 1, "failed": 1}
    assert counted["handled", "ok"] == counted["changed", "newly_grave"] == 3
    assert counted["skipped", "failed"] == 1


# --- corrections -----------------------------------------------------------------------------------------------------


def correct(house: House, name: str, value: str) -> None:
    with house.ledger.begin() as tx:
        tx.corrections.add([Correction(name, "topic", value, "housing", "lihua", datetime.now(UTC))])


def test_a_correction_is_never_overwritten(house: House, notes: Notes) -> None:
    fill(house, "a", "b")
    correct(house, "a", "wages")
    run(house, notes)
    assert (archived(house, "a").topic, archived(house, "a").severity) == ("wages", 3)
    assert archived(house, "b").topic == "municipal"


def test_a_correction_that_is_made_meanwhile_stands(
    house: House, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own write to the archive came before ours, as of a person who is a moment faster."""
    fill(house, "a", "b")
    upsert = house.archive.upsert

    def slow(judged: Sequence[Judged]) -> None:
        if archived(house, "a").topic == "housing":
            correct(house, "a", "wages")
        upsert(judged)

    monkeypatch.setattr(house.archive, "upsert", slow)
    run(house, notes)
    assert archived(house, "a").topic == "wages"
    assert archived(house, "b").topic == "municipal"


def test_a_corrected_answer_is_no_change(house: House, notes: Notes) -> None:
    fill(house, "a")
    correct(house, "a", "wages")
    house.archive.upsert([judged_of(post_of("a"), topic="wages")])
    run(house, notes)
    (change,) = notes.changes
    assert (change.before.topic, change.after.topic) == ("wages", "wages")


# --- stops and deaths ------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone: nothing that handles errors may catch it."""


STEPS = ("read", "judge", "search", "note", "upsert", "commit")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_death_at_any_step_loses_nothing_and_counts_nothing_twice(
    house: House, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    fill(house, *"abcdefg")
    left = 2  # in the second batch

    def mortal(act: Callable[..., Any]) -> Callable[..., Any]:
        def acting(*arguments: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if not left and not after:
                raise Killed
            done = act(*arguments, **more)
            if not left:
                raise Killed
            return done

        return acting

    judging = mortal(new_model) if step == "judge" else new_model
    with monkeypatch.context() as patch:
        if step in ("read", "commit"):
            patch.setattr(house.log, step, mortal(getattr(house.log, step)))
        if step in ("search", "upsert"):
            patch.setattr(house.archive, step, mortal(getattr(house.archive, step)))
        if step == "note":
            patch.setattr(Notes, "add", mortal(Notes.add))
        with Notes(notes_path(house, GROUP)) as first, pytest.raises(Killed):
            run(house, first, judging)
    with Notes(notes_path(house, GROUP)) as second:
        run(house, second)
        assert models(house) == dict.fromkeys("abcdefg", "new")
        assert house.log.lag(RAW, GROUP) == 0
        assert second.counts == {"judged": 7}
        assert sorted(one.post_id for one in second.changes) == list("abcdefg")


def test_a_line_that_was_cut_short_is_taken_off(tmp_path: Path) -> None:
    change = Change("a", Answer("housing", "zhujian", 2, ""), Answer("wages", "renshe", 3, ""))
    with Notes(tmp_path / "notes") as notes:
        notes.add([Outcome(0, 0, "judged", change), Outcome(0, 1, "older")])
        notes.add([Outcome(0, 2, "judged")])
    whole = (tmp_path / "notes").read_bytes()
    (tmp_path / "notes").write_bytes(whole[:-5])
    with Notes(tmp_path / "notes") as notes:
        assert (notes.counts, notes.changes) == ({"judged": 1, "older": 1}, [change])
        notes.add([Outcome(0, 1, "older"), Outcome(0, 2, "judged")])
    assert (tmp_path / "notes").read_bytes() == whole


def test_a_full_disk_is_waited_for_and_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    with Notes(tmp_path / "notes") as notes:
        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", full)
            with pytest.raises(Unavailable, match="No space left"):
                notes.add([Outcome(0, 0, "judged")])
        assert notes.counts == {}
        notes.add([Outcome(0, 0, "judged")])
    assert (tmp_path / "notes").read_bytes().count(b"\n") == 1


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with Notes(tmp_path / "notes"), pytest.raises(MinshengError, match="正在做同样的事"):
        Notes(tmp_path / "notes")


def test_each_model_each_time_and_each_restart_has_a_place_of_its_own(house: House) -> None:
    def group(model: str = "fast-1", span: Span = Span(), restart: bool = False) -> str:  # noqa: B008
        return open_group(house, model, span, "cli:me", restart=restart)

    first = group()
    anew = group(restart=True)
    assert len({first, anew, group("fast-2"), group(span=Span(since=AT)), group(span=Span(until=AT))}) == 5
    assert group() == anew
    assert first.startswith(REREADS)
    assert "/" not in group("a/../b")
    with house.ledger.read() as tx:
        assert {(entry.actor, entry.what) for entry in tx.audit.find()} == {("cli:me", "rejudge")}


def test_a_run_that_stopped_half_way_does_not_hold_up_the_retention(house: House, notes: Notes) -> None:
    fill(house, *"abcdef")
    house.log.commit("judge", house.log.read(RAW, "judge", 100, 0.0))
    Rejudge(house, new_model, GROUP, notes, Span()).round(2)
    assert house.trim_log(datetime.now(UTC) + timedelta(days=1)) == 6
    assert house.log.lag(RAW, GROUP) == 0
    (post,) = fill(house, "g")
    run(house, notes)
    assert models(house)[post.id] == "new"


# --- giving way ------------------------------------------------------------------------------------------------------


def test_it_begins_when_the_live_flow_is_done_with_what_there_was(house: House) -> None:
    publish(house, post_of("a"), post_of("b"))
    why = passing(house, "judge")
    assert "judge" in why()
    publish(house, post_of("c"))
    house.log.commit("judge", house.log.read(RAW, "judge", 1, 0.0))
    assert "1 条" in why()
    house.log.commit("judge", house.log.read(RAW, "judge", 1, 0.0))
    assert why() == ""  # c came later: there is always a last one


def test_it_gives_way_to_a_stage_that_is_behind(house: House) -> None:
    publish(house, *(post_of(str(n)) for n in range(5)))
    assert behind(house, 5) == ""
    assert "judge" in behind(house, 4)
    house.log.publish(JUDGED, [Out("k", encode_judged(judged_of(post_of(str(n))))) for n in range(6)])
    assert "archive" in behind(house, 5)
