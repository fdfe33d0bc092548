"""History judged again: only the archive changes, staff's corrections stand, and no stop and no death loses a post."""

from __future__ import annotations

import csv
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import app.rejudging
from alerts.corrections import Correction
from alerts.ledger import AlertFilter, CaseFilter, EventFilter
from app.process import Process
from app.progress import LINE_EVERY, Lines
from app.rejudge_notes import Answer, Change, Notes, Outcome, write_list
from app.rejudging import Options, Rejudge, Span, behind, notes_path, open_group, passing, rejudge
from app.wire import House, open_house
from stream.archive import Query
from stream.errors import MinshengError, Unavailable
from stream.log import REREADS, Out
from stream.messages import JUDGED, RAW, Judged, Judgement, Place, Post, Scored, encode_judged, encode_post

AT = datetime(2026, 11, 20, 4, tzinfo=UTC)
GROUP = f"{REREADS}new"


def post_of(name: str, **changes: Any) -> Post:
    text = f"{name}号楼停水三天，物业一直没有答复。"
    return replace(Post(name, "board", "message", f"{name}号楼停水", text, AT, AT + timedelta(minutes=5)), **changes)


def judged_of(post: Post, **changes: Any) -> Judged:
    """By the old model, unless said otherwise."""
    topic, office = changes.pop("topic", "housing"), changes.pop("office", "zhujian")
    judgement = Judgement(
        post_id=post.id,
        topics=(Scored(topic, 0.9),),
        office=Scored(office, 0.9),
        sentiment=Scored("neg", 0.9),
        intent=Scored("complaint", 0.9),
        severity=2,
        severity_score=2.0,
        place=Place("330106"),
        model="old",
    )
    return Judged(post, replace(judgement, **changes))


def new_model(posts: Sequence[Post]) -> list[Judged]:
    return [judged_of(post, topic="municipal", severity=3, model="new", near_copy_of="") for post in posts]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = open_house({"MINSHENG_DATA": str(tmp_path / "data")})
    yield house
    house.close()


@pytest.fixture
def notes(house: House) -> Iterator[Notes]:
    with Notes(notes_path(house, GROUP)) as notes:
        yield notes


def publish(house: House, *posts: Post) -> None:
    house.log.publish(RAW, [Out(post.id, encode_post(post)) for post in posts])


def fill(house: House, *names: str) -> list[Post]:
    """Posts that the live flow has read, judged with the old model and archived."""
    posts = [post_of(name) for name in names]
    publish(house, *posts)
    house.archive.upsert([judged_of(post, near_copy_of="" if post is posts[0] else posts[0].id) for post in posts])
    return posts


def run(house: House, notes: Notes, judging: Callable[[Sequence[Post]], list[Judged]] = new_model, **more: Any) -> None:
    again = Rejudge(house, judging, GROUP, notes, more.pop("span", Span()), **more)
    while again.round(3):
        pass


def models(house: House) -> dict[str, str]:
    hits = house.archive.search(Query(set_aside=None, limit=1000)).hits
    return {hit.judged.post.id: hit.judged.judgement.model for hit in hits}


def archived(house: House, name: str) -> Judgement:
    found = house.archive.get(name)
    assert found is not None
    return found.judgement


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


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def ready(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house whose live flow has handled ten posts with another model."""
    from app.stages import SOURCES

    posts = fill(house, *"abcdefghij")
    house.log.publish(JUDGED, [Out(post.id, encode_judged(judged_of(post))) for post in posts])
    for stage, topic in SOURCES.items():
        house.log.commit(stage, house.log.read(topic, stage, 100, 0.0))
    monkeypatch.setattr(app.rejudging, "LOOK_EVERY", 0.01)
    return house


def command(house: House, **options: Any) -> int:
    """As a process of its own, with its own connections."""
    code = -1
    with Process(open_house({"MINSHENG_DATA": str(house.data)}), "rejudge") as process:
        code = rejudge(process, Options(**options))
    return code


def test_the_command_tells_what_changed_and_a_second_time_there_is_nothing_to_do(
    ready: House, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.archive.upsert([judged_of(post_of("trimmed"))])
    assert command(ready) == 0
    name = ready.classifier().name
    told = capsys.readouterr()
    assert set(models(ready).values()) == {name, "old"}
    assert f"模型 {name}: 已重新研判 10 条" in told.out
    assert "另有 1 条" in told.out
    assert "10 / 10 条" in told.err
    assert command(ready, quiet=True) == 0
    assert capsys.readouterr() == (told.out, "")


def test_a_limit_stops_and_the_next_run_goes_on(ready: House) -> None:
    assert command(ready, limit=4, quiet=True) == 0
    assert Counter(models(ready).values())["old"] == 6
    assert command(ready, limit=100, quiet=True) == 0
    assert "old" not in models(ready).values()


def test_a_stop_ends_after_the_batch_and_says_how_to_go_on(
    ready: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app.rejudging, "BATCH", 4)
    round_ = Rejudge.round

    def one_round(self: Rejudge, limit: int) -> Any:
        signal.raise_signal(signal.SIGTERM)
        return round_(self, limit)

    monkeypatch.setattr(Rejudge, "round", one_round)
    with Process(open_house({"MINSHENG_DATA": str(ready.data)}), "rejudge") as process:
        code = rejudge(process, Options())
        process.stop.asked = False
    assert code == 130
    assert Counter(models(ready).values())["old"] == 6
    assert "还剩 6 条" in capsys.readouterr().err


def test_another_model_that_is_chosen_meanwhile_ends_it(
    ready: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ready.shipped_model, ready.data / "models" / "other")
    monkeypatch.setattr(app.rejudging, "BATCH", 4)
    monkeypatch.setattr(app.rejudging, "LOOK_EVERY", 0.0)
    round_ = Rejudge.round

    def choosing(self: Rejudge, limit: int) -> Any:
        ready.models.use("other", "cli:me", datetime.now(UTC))
        return round_(self, limit)

    monkeypatch.setattr(Rejudge, "round", choosing)
    assert command(ready, quiet=True) == 1
    assert "模型换了" in capsys.readouterr().err
    assert Counter(models(ready).values())["old"] == 6


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_the_list_has_what_became_grave_first_and_no_formula(ready: House, tmp_path: Path) -> None:
    odd = post_of("odd", title='=HYPERLINK("http://x.example")', url="http://board.example/1")
    ready.archive.upsert([judged_of(odd)])
    calm, grave = Answer("wages", "renshe", 3, ""), Answer("municipal", "chengguan", 4, "")
    before = Answer("housing", "zhujian", 2, "")
    changes = [Change("odd", before, grave), Change("gone", calm, before)]
    with Notes(tmp_path / "notes") as notes:
        notes.add([Outcome(0, n, "judged", one) for n, one in enumerate(reversed(changes))])
        write_list(ready, notes.changes, tmp_path / "out" / "list.csv")
    rows = table(tmp_path / "out" / "list.csv")
    assert [row[0] for row in rows] == ["编号", "odd", "gone"]
    assert rows[1][3] == "'" + odd.title
    assert rows[1][4] == "是"
    assert (rows[1][9], rows[1][10]) == ("2级", "4级")
    assert rows[2][1:5] == ["", "", "", ""]


def test_the_list_is_written_and_audited_by_the_command(ready: House, tmp_path: Path) -> None:
    assert command(ready, quiet=True, listing=tmp_path / "list.csv") == 0
    with ready.ledger.read() as tx:
        assert {entry.what for entry in tx.audit.find()} == {"rejudge", "export.rejudged"}
    rows = table(tmp_path / "list.csv")
    assert len(rows) > 1
    assert {row[0] for row in rows[1:]} <= set(models(ready))


# --- progress --------------------------------------------------------------------------------------------------------


def test_where_there_is_no_terminal_a_line_comes_now_and_then() -> None:
    said: list[str] = []
    now = 100.0
    lines = Lines("重新研判", said.append, lambda: now)
    for second in range(int(2 * LINE_EVERY)):
        now = 100.0 + second
        lines.show(1000 + 100 * second, 10_000)
    assert said == [
        "重新研判 1,000 / 10,000 条",
        "重新研判 4,000 / 10,000 条，100 条/秒，约剩 1 分 0 秒",
    ]


def test_why_it_waits_is_said_now_and_then() -> None:
    said: list[str] = []
    now = 0.0
    lines = Lines("重新研判", said.append, lambda: now)
    for second in range(int(2 * LINE_EVERY)):
        now = float(second)
        lines.wait("先等研判")
    assert said == ["先等研判"] * 2
