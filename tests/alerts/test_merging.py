"""Staff merge and split events: it sticks through later posts, restarts and other processes, and it teaches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.cases import act
from alerts.decide import Decider
from alerts.events import EventIndex
from alerts.ledger import CaseFilter, Ledger
from alerts.merging import merge, split, taught
from alerts.model import Case, Event
from stream.errors import Conflict, MinshengError
from stream.memory import MemoryArchive
from stream.messages import Judged, Scored
from tests.alerts.deciding import records
from tests.alerts.telling import DAY, START, WINDOW, tell
from tests.alerts.town import catalog

ONE = ("云锦瑞小区电梯停运", "云锦瑞小区三号楼电梯上个月困了四次人，维保单位来看一眼就走，请协调解决。")
OTHER = ("三号楼又困人了", "维保单位换了一家还是老样子，老人每天爬十八楼，物业说没有维修资金。")
GARAGE = ("云锦瑞小区地下车库漏水", "云锦瑞小区三号楼电梯边的地下车库一下雨就积水，好几辆车被泡了，维保单位不管。")


class Watch:
    """The real grouping on a ledger, with an archive beside it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.archive = ledger, MemoryArchive()
        self.now = START
        self.made = 0
        self.restart()

    def restart(self) -> None:
        self.decider = Decider(self.ledger, catalog(), self._index, WINDOW, clock=lambda: self.now)

    def _index(self) -> EventIndex:
        self.made += 1
        return EventIndex(WINDOW)

    def take(self, *posts: Judged) -> None:
        self.archive.upsert(posts)
        self.now = max(self.now, *(one.post.published_at for one in posts))
        try:
            self.decider.handle(records(posts))
        except Conflict:  # as the worker does it: once more
            self.decider.handle(records(posts))

    def of(self, post_id: str) -> str:
        with self.ledger.read() as tx:
            return tx.events.of_posts([post_id])[post_id]

    def event(self, name: str) -> Event:
        with self.ledger.read() as tx:
            found = tx.events.get(name)
        assert found is not None
        return found

    def cases(self) -> dict[str, Case]:
        with self.ledger.read() as tx:
            return {one.event_id: one for one in tx.cases.find(CaseFilter())}

    def merge(self, kept: str, gone: str, note: str = "同一部电梯") -> Event:
        return merge(self.ledger, self.archive, kept, gone, "duty", note, self.now)

    def split(self, name: str, *posts: str, note: str = "说的是车库") -> Event:
        return split(self.ledger, self.archive, name, posts, "duty", note, self.now)


@pytest.fixture
def watch(ledger: Ledger) -> Watch:
    return Watch(ledger)


def say(name: str, told: tuple[str, str], day: float = 0, severity: int = 2, **more: str) -> Judged:
    one = tell(name, *told, day=day, topic="wages", severity=severity, **more)  # type: ignore[arg-type]
    judgement = replace(one.judgement, intent=Scored("complaint", 0.9), sentiment=Scored("neg", 0.9))
    return Judged(one.post, replace(judgement, office=Scored("renshe", 0.9)))


def test_events_that_were_merged_are_one(watch: Watch) -> None:
    watch.take(say("a", ONE), say("b", OTHER, day=1, source="weibo"))
    assert watch.of("a") != watch.of("b")
    kept = watch.merge("ev-a", "ev-b")
    assert (kept.id, kept.posts, kept.sources) == ("ev-a", 2, {"board": 1, "weibo": 1})
    assert (kept.first_seen, kept.last_seen) == (START, START + DAY)
    assert set(kept.representatives) == {"a", "b"}
    assert kept.title == ONE[0]
    assert watch.event("ev-a") == kept
    assert watch.event("ev-b").merged_into == "ev-a"
    assert watch.of("b") == "ev-a"


@pytest.mark.parametrize("restarts", [False, True])
def test_a_merge_sticks_for_posts_to_come(watch: Watch, restarts: bool) -> None:
    watch.take(say("a", ONE), say("b", OTHER))
    watch.merge("ev-a", "ev-b")
    if restarts:
        watch.restart()
    watch.take(say("like-b", OTHER, day=1), say("like-a", ONE, day=1))
    assert watch.of("like-b") == watch.of("like-a") == "ev-a"
    assert watch.event("ev-a").posts == 4


@pytest.mark.parametrize("restarts", [False, True])
def test_a_split_sticks_for_posts_to_come(watch: Watch, restarts: bool) -> None:
    watch.take(say("a", ONE), say("c", GARAGE))
    if watch.of("c") == "ev-c":
        watch.merge("ev-a", "ev-c")
    founded = watch.split("ev-a", "c")
    assert (founded.posts, founded.title) == (1, GARAGE[0])
    assert watch.event("ev-a").posts == 1
    assert watch.event("ev-a").representatives == ("a",)
    if restarts:
        watch.restart()
    watch.take(say("like-c", GARAGE, day=1), say("like-a", ONE, day=1))
    assert watch.of("like-c") == watch.of("c") == founded.id
    assert watch.of("like-a") == "ev-a"


def test_who_decides_takes_the_events_up_once_after_a_merge(watch: Watch) -> None:
    watch.take(say("a", ONE), say("b", OTHER))
    made = watch.made
    watch.merge("ev-a", "ev-b")
    watch.take(say("c", OTHER, day=1))
    watch.take(say("d", OTHER, day=2))
    assert watch.made == made + 1


def test_a_split_event_is_named_anew_when_its_founder_had_one(watch: Watch) -> None:
    watch.take(say("a", ONE), say("b", OTHER))
    watch.merge("ev-a", "ev-b")
    assert watch.split("ev-a", "b").id == "ev-b.2"


def test_the_case_of_the_event_that_went_becomes_a_duplicate(watch: Watch) -> None:
    watch.take(say("a", ONE, severity=4), say("b", OTHER, severity=4))
    kept, gone = watch.cases()["ev-a"], watch.cases()["ev-b"]
    watch.merge("ev-a", "ev-b")
    after = watch.cases()
    assert after["ev-b"].state == "duplicate"
    assert after["ev-a"].state == kept.state
    with watch.ledger.read() as tx:
        assert kept.number in tx.cases.actions(gone.id)[-1].note
        assert gone.number in tx.cases.actions(kept.id)[-1].note


def test_the_event_with_the_case_takes_over_the_other(watch: Watch) -> None:
    watch.take(say("a", ONE), say("b", OTHER, severity=4))
    kept = watch.merge("ev-a", "ev-b")
    assert kept.id == "ev-b"
    assert watch.event("ev-a").merged_into == "ev-b"
    assert watch.cases()["ev-b"].is_open


@pytest.mark.parametrize(("kept", "gone"), [("ev-a", "ev-b"), ("ev-b", "ev-a")])
def test_a_case_that_is_being_worked_on_does_not_end_in_a_closed_one(watch: Watch, kept: str, gone: str) -> None:
    watch.take(say("a", ONE, severity=4), say("b", OTHER, severity=4))
    with watch.ledger.begin() as tx:
        tx.cases.save(*act(watch.cases()["ev-a"], "no_response_needed", "duty", watch.now, "已在别处答复"))
    assert watch.merge(kept, gone).id == "ev-b"
    assert {name: case.state for name, case in watch.cases().items()} == {
        "ev-a": "no_response_needed",
        "ev-b": "dispatched",
    }


def test_what_was_split_off_is_noted_on_the_case(watch: Watch) -> None:
    watch.take(say("a", ONE, severity=4), say("b", ONE, day=1))
    watch.split("ev-a", "b")
    case = watch.cases()["ev-a"]
    with watch.ledger.read() as tx:
        assert "说的是车库" in tx.cases.actions(case.id)[-1].note


def test_posts_past_their_retention_are_counted_by_what_is_left_of_them(watch: Watch) -> None:
    watch.take(say("a", ONE), say("b", OTHER, day=1, severity=3))
    watch.archive = MemoryArchive()
    kept = watch.merge("ev-a", "ev-b")
    assert (kept.posts, kept.severity, kept.title) == (2, 3, ONE[0])
    watch.take(say("c", ONE, day=2))  # nothing is known any more to hold it against
    assert watch.of("c") == "ev-c"


@pytest.mark.parametrize(
    ("kept", "gone", "note", "words"),
    [
        ("ev-a", "ev-a", "同一件事", "并入它自己"),
        ("ev-a", "ev-none", "同一件事", "没有事件"),
        ("ev-a", "ev-b", "  ", "理由"),
    ],
)
def test_what_cannot_be_merged_is_said(watch: Watch, kept: str, gone: str, note: str, words: str) -> None:
    watch.take(say("a", ONE), say("b", OTHER))
    with pytest.raises(MinshengError, match=words):
        watch.merge(kept, gone, note)


def test_an_event_is_merged_once(watch: Watch) -> None:
    watch.take(say("a", ONE), say("b", OTHER))
    watch.merge("ev-a", "ev-b")
    with pytest.raises(MinshengError, match="已并入 ev-a"):
        watch.merge("ev-a", "ev-b")


@pytest.mark.parametrize(
    ("posts", "words"),
    [((), "请选择"), (("a", "b"), "全部"), (("a", "zz"), "zz 不属于")],
    ids=["none", "all", "others"],
)
def test_what_cannot_be_split_is_said(watch: Watch, posts: tuple[str, ...], words: str) -> None:
    watch.take(say("a", ONE), say("b", ONE, day=1))
    with pytest.raises(MinshengError, match=words):
        watch.split("ev-a", *posts)


def test_an_event_that_grew_meanwhile_is_not_overrun(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.take(say("a", ONE), say("b", OTHER))
    search = watch.archive.search

    def grows(query: object) -> object:
        monkeypatch.setattr(watch.archive, "search", search)
        watch.take(say("c", ONE, day=1))
        return search(query)  # type: ignore[arg-type]

    monkeypatch.setattr(watch.archive, "search", grows)
    with pytest.raises(Conflict):
        watch.merge("ev-a", "ev-b")
    assert watch.of("b") == "ev-b"


def test_what_staff_said_is_kept_and_teaches(watch: Watch) -> None:
    watch.take(say("a", ONE), say("b", OTHER), say("z", ("桂花弄路灯不亮", "桂花弄的路灯坏了三天。")))
    watch.merge("ev-a", "ev-b")
    watch.take(say("like-b", OTHER, day=1))
    founded = watch.split("ev-a", "a", note="另一部电梯")
    with watch.ledger.read() as tx:
        said = tx.regroupings.of_event("ev-a")
        labels = taught(tx)
    assert [(one.kind, one.other_id, one.posts) for one in said] == [
        ("merge", "ev-b", ("b",)),
        ("split", founded.id, ("a",)),
    ]
    assert labels == {"a": founded.id, "b": "ev-a", "like-b": "ev-a"}


def test_who_did_it_stands_in_the_audit(watch: Watch) -> None:
    watch.take(say("a", ONE), say("b", OTHER))
    watch.merge("ev-a", "ev-b")
    with watch.ledger.read() as tx:
        assert [(one.actor, one.what) for one in tx.audit.find(target="ev-a")] == [("duty", "event.merge")]
