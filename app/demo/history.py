"""Four weeks in a minute: the town's history crawled, judged, decided, answered and mailed in simulated time.

Everything is done by the real spiders and stages; only the clock is simulated. How far it has come is kept in
`town.json`, so an interrupted replay goes on where it stopped.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.cases import act
from alerts.ledger import CaseFilter, Tx
from alerts.model import Action, Case
from app.counters import Counter
from app.demo.offices import actor_of, data_of, respond
from app.demo.schedule import HISTORY, Span
from app.parts import deliver_round
from app.stages import SOURCES, make_stage
from stream.worker import Stage, run_once

if TYPE_CHECKING:
    from app.wire import House

logger = logging.getLogger(__name__)

STEP = timedelta(hours=24)  # between two crawls
LOOK = timedelta(hours=1)  # between two looks at clocks and offices

Crawl = Callable[[], object]
Tell = Callable[[datetime, int], None]


SHORT = timedelta(minutes=2)  # a stop that nobody notices


@dataclass
class TownState:
    """`town.json`: the end of the history, the simulated time while the history is replayed (None: done), and when the
    demo stood still since, (from, to)."""

    path: Path
    anchor: datetime
    simulated_now: datetime | None
    pauses: tuple[Span, ...] = ()

    @classmethod
    def open(cls, path: Path, now: datetime) -> TownState:
        """As it stands, or a new one whose history ends now. A file that cannot be read starts anew."""
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
            simulated = saved["simulated_now"]
            pauses = tuple((_time(start), _time(end)) for start, end in saved.get("pauses", ()))
            return cls(path, _time(saved["anchor"]), _time(simulated) if simulated else None, pauses)
        except FileNotFoundError:
            pass  # the first start
        except (ValueError, TypeError, KeyError) as error:
            logger.warning("%s cannot be read, the history starts anew: %r", path, error)
        state = cls(path, now, now - HISTORY)
        state.save()
        return state

    def save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        simulated = self.simulated_now.isoformat() if self.simulated_now else None
        part = self.path.with_suffix(".part")
        pauses = [[start.isoformat(), end.isoformat()] for start, end in self.pauses]
        saved = {"anchor": self.anchor.isoformat(), "simulated_now": simulated, "pauses": pauses}
        part.write_text(json.dumps(saved), encoding="utf-8")
        part.replace(self.path)

    def wake(self, last_visit: datetime | None, now: datetime) -> None:
        """Note that nobody visited the town since then, so that its posts go on where they stopped and do not all come at
        once. While the history is replayed it stands still by itself."""
        start = max(last_visit or self.anchor, self.anchor, *(end for _, end in self.pauses))
        if self.simulated_now is None and now - start > SHORT:
            self.pauses = (*self.pauses, (start, now))
            self.save()

    def clock(self) -> datetime:
        """The time of everything in the process that replays: simulated, and after the history the wall clock's."""
        return self.simulated_now or datetime.now(UTC)


def replay(house: House, state: TownState, crawl: Crawl, tell: Tell, stop: Callable[[], bool]) -> None:
    """Replay what is left of the history; returns early, resumable, when asked to stop.

    Args:
        crawl: visits every source of the town once, at the state's time.
        tell: told after every step of the simulated time and of the posts crawled so far.
    """
    counter = house.counter("demo")
    stages, offices = [make_stage(house, name, counter) for name in SOURCES], Offices(house)
    while state.simulated_now is not None and not stop():
        end = min(state.simulated_now + STEP, state.anchor)
        for now in looks(state.simulated_now, end):
            state.simulated_now = now
            deliver_round(house, now, counter)
            offices.work(now)
        state.save()  # the town, a process of its own, shows what is published by now
        crawl()
        posts = drain(house, stages, counter)
        deliver_round(house, end, counter)
        tell(end, posts)
        if end == state.anchor:
            state.simulated_now = None
            state.save()
        counter.flush()


def looks(start: datetime, end: datetime) -> Iterator[datetime]:
    at = start + LOOK
    while at < end:
        yield at
        at += LOOK
    yield end


def drain(house: House, stages: Sequence[Stage], counter: Counter) -> int:
    """Run the stages until nothing is left; returns how many posts were decided."""
    decided = 0
    for stage in stages:
        while house.log.lag(stage.source, stage.name):  # with servers a read can come back empty before the end
            done = run_once(stage, house.log, wait=1.0, count=counter)
            decided += done if stage.name == "decide" else 0
    return decided


class Offices:
    """Every simulated office, and the duty staff: takes the step that is due in its open cases."""

    def __init__(self, house: House) -> None:
        self.ledger = house.ledger
        self.histories: dict[str, tuple[int, list[Action]]] = {}  # case id -> version and history, read when it changed

    def work(self, now: datetime) -> None:
        with self.ledger.begin() as tx:
            for case in tx.cases.find(CaseFilter(open=True, limit=1000)):
                said = respond(case, self._history(tx, case), now)
                if said is None:
                    continue
                verb, note = said
                changed, action = act(case, verb, actor_of(case, verb), now, note, data_of(case, verb))
                tx.cases.save(changed, action)

    def _history(self, tx: Tx, case: Case) -> list[Action]:
        version, actions = self.histories.get(case.id, (0, []))
        if version != case.version:
            actions = tx.cases.actions(case.id)
            self.histories[case.id] = case.version, actions
        return actions


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
