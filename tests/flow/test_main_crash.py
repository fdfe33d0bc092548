"""Kill the whole flow between any two steps, start anew from the files: the same stores, and each mail once.

A step is a moment before or after something that lasts: a publish or commit of the log, an upsert of the archive, a
writing transaction of the ledger (holding and marking alerts among them), a mail. A dry run counts them.

What is not compared is which posts were known as near copies: the judge's memory of them begins anew with each start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from alerts.deliver import HOLD
from alerts.ledger import AlertFilter, CaseFilter
from app.parts import deliver_round
from app.stages import SOURCES, make_stage
from app.wire import House, open_house
from classify.fast import FastModel
from stream.archive import Query
from stream.dead import list_dead
from stream.worker import run_once
from tests.flow.town_posts import NOW, POISON, make_posts, publish_all

SAMPLE = 24  # steps that are tried: the first of every name, the others spread evenly over all
BATCH = 8
COLLECTED = timedelta(minutes=2)  # what is told of one event comes together
LATER = NOW + HOLD + timedelta(seconds=1)  # what a dead sender held is due again


class Killed(BaseException):
    """The process is gone: no handling of errors may catch it."""


@dataclass
class Fuse:
    """Kills at the `at`-th step (never: 0) and notes the names of the steps."""

    at: int
    steps: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        self.steps.append(name)
        if len(self.steps) == self.at:
            raise Killed(name)

    def fused(self, name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def acting(*args: Any, **kwargs: Any) -> Any:
            self.step(f"before {name}")
            done = act(*args, **kwargs)
            self.step(f"after {name}")
            return done

        return acting


def fuse_house(house: House, fuse: Fuse, patch: pytest.MonkeyPatch) -> None:
    """Put the fuse into everything of the house that lasts."""
    patch.setattr(house.log, "publish", fuse.fused("publish", house.log.publish))
    patch.setattr(house.log, "commit", fuse.fused("commit", house.log.commit))
    patch.setattr(house.archive, "upsert", fuse.fused("upsert", house.archive.upsert))
    patch.setattr(house.notifier, "send", fuse.fused("send", house.notifier.send))
    begin = house.ledger.begin

    @contextmanager
    def mortal() -> Iterator[Any]:
        with begin() as tx:
            yield tx
            fuse.step("before a transaction commits")
        fuse.step("after a transaction commits")

    patch.setattr(house.ledger, "begin", mortal)


@contextmanager
def opened(folder: Path, now: datetime) -> Iterator[House]:
    batches = {"MINSHENG_JUDGE__BATCH": str(BATCH), "MINSHENG_DECIDE__BATCH": str(BATCH)}
    house = open_house({"MINSHENG_DATA": str(folder), "MINSHENG_JUDGE__MODE": "fast", **batches}, now=lambda: now)
    try:
        yield house
    finally:
        house.log.close()
        house.ledger.close()


@pytest.fixture(autouse=True)
def one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped model is read once; each start still has an index and a memory of near copies of its own."""
    monkeypatch.setattr(House, "classifier", lambda house, folder=None, *_: _model(str(house.model_folder(folder))))


@cache
def _model(folder: str) -> FastModel:
    return FastModel.load(Path(folder))


def live(folder: Path, fuse: Fuse, now: datetime = NOW) -> bool:
    """One life of the process; whether it came to the end."""
    with opened(folder, now) as house, pytest.MonkeyPatch.context() as patch:
        fuse_house(house, fuse, patch)
        try:
            counter = house.counter("flow")
            for name in SOURCES:
                stage = make_stage(house, name, counter)
                while run_once(stage, house.log, count=counter):
                    pass
            deliver_round(house, now + COLLECTED, counter)
        except Killed:
            return False
    return True


@cache
def _published() -> TemporaryDirectory[str]:
    """The files of a house in which the posts wait to be judged."""
    folder = TemporaryDirectory()
    with opened(Path(folder.name), NOW) as house:
        publish_all(house.log, batch=100)
        house.archive.search(Query(limit=1))
    return folder


def new_town(folder: Path) -> Path:
    return Path(copytree(_published().name, folder / "town"))


@dataclass(frozen=True)
class Outcome:
    """What the files hold in the end."""

    archived: frozenset[str]
    events: dict[str, tuple[str, ...]]
    sizes: dict[str, int]
    cases: dict[str, tuple[Any, ...]]
    alerts: dict[str, str]
    told: Counter[str]
    dead: list[bytes]
    lags: list[int]


def outcome(folder: Path) -> Outcome:
    with opened(folder, LATER) as house:
        hits = house.archive.search(Query(set_aside=None, limit=100)).hits
        ids = [hit.judged.post.id for hit in hits]
        with house.ledger.read() as tx:
            events = tx.events.of_posts(ids)
            groups = {event: tuple(sorted(one for one in events if events[one] == event)) for event in events.values()}
            cases = tx.cases.find(CaseFilter(limit=100))
            alerts = tx.alerts.find(AlertFilter(limit=1000))
            found = {event: tx.events.get(event) for event in groups}
            verbs = {case.id: tuple(action.verb for action in tx.cases.actions(case.id)) for case in cases}
        return Outcome(
            frozenset(ids),
            groups,
            {event: one.posts for event, one in found.items() if one},
            {case.id: (case.number, case.office, case.severity, case.state, verbs[case.id]) for case in cases},
            {alert.id: alert.state for alert in alerts},
            told(house.outbox),
            [letter.value for letter in list_dead(house.log, "judge")],
            [house.log.lag(source, name) for name, source in SOURCES.items()],
        )


def told(outbox: Path) -> Counter[str]:
    """Line with a case's link -> in how many mails it stands; Message-ID -> how many mails carry it."""
    counts: Counter[str] = Counter()
    for file in outbox.glob("*.eml"):
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        body = message.get_body(("plain",))
        assert body is not None
        counts[str(message["Message-ID"])] += 1
        counts.update({line for line in body.get_content().splitlines() if "case?id=" in line})
    return counts


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = new_town(tmp_path_factory.mktemp("undisturbed"))
    assert live(folder, Fuse(0))
    return outcome(folder)


@cache
def all_steps() -> tuple[str, ...]:
    """What the dry run counted."""
    with TemporaryDirectory() as folder:
        fuse = Fuse(0)
        live(new_town(Path(folder)), fuse)
        return tuple(fuse.steps)


@cache
def sampled() -> Sequence[int]:
    """SAMPLE steps, counted from 1."""
    names, last = all_steps(), len(all_steps())
    firsts = {names.index(name) + 1 for name in names}
    spread = SAMPLE - len(firsts)
    others = [step for step in range(1, last + 1) if step not in firsts]
    return sorted(firsts | {others[round(n * (len(others) - 1) / (spread - 1))] for n in range(spread)})


def test_undisturbed_all_is_done_once(undisturbed: Outcome) -> None:
    assert undisturbed.archived == {post.id for post in make_posts()}
    assert undisturbed.dead == [POISON]
    assert undisturbed.lags == [0, 0, 0]
    assert set(undisturbed.told.values()) == {1}
    assert set(undisturbed.alerts.values()) == {"sent", "muted"}
    assert len(undisturbed.cases) >= 2


def test_every_kind_of_step_is_counted() -> None:
    kinds = {name.partition(" ")[2] for name in all_steps()}
    assert kinds == {"publish", "commit", "upsert", "send", "a transaction commits"}
    assert len(all_steps()) > SAMPLE


@pytest.mark.parametrize("share", range(SAMPLE))
def test_a_kill_between_two_steps_changes_nothing(share: int, tmp_path: Path, undisturbed: Outcome) -> None:
    step = sampled()[share]
    fuse = Fuse(step)
    folder = new_town(tmp_path)
    assert not live(folder, fuse), "the process was to die and did not"
    assert live(folder, Fuse(0), LATER)
    assert outcome(folder) == undisturbed, f"killed at step {step}, {fuse.steps[-1]}"
