"""A crash between every two steps of deciding, then the same records again: one event, one case, one alert.

The ledger file is all that survives a crash. It is struck before every SQL statement of the handling in turn, before
the commit, and after it when the log's offset has not moved yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from sqlalchemy import event as hooks

from alerts.ledger import AlertFilter, CaseFilter, Ledger
from alerts.tick import tick
from stream.messages import Judged
from tests.alerts.deciding import Town
from tests.alerts.town import HOUR, NOW, judged

BATCHES = (
    [judged("p1", title="云栖工地欠薪"), judged("q1", title="油烟", topic="ecology", severity=4)],
    [judged("p2", title="云栖工地欠薪"), judged("p3", title="云栖工地欠薪")],
    [judged("p4", title="云栖工地欠薪", severity=4), judged("q2", title="油烟", topic="ecology")],
)


class Crash(BaseException):
    """Not an Exception: nothing may catch it and carry on, as with a killed process."""


@contextmanager
def crash_at(ledger: Ledger, step: int) -> Iterator[list[str]]:
    """Crash at the step-th statement or commit (from 0); gives the steps that were reached."""
    engine, steps = ledger._engine, []

    def reach(what: str) -> None:
        steps.append(what)
        if len(steps) == step + 1:
            raise Crash(what)

    def on_statement(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        reach(statement)

    def on_commit(conn: Any) -> None:
        reach("COMMIT")

    hooks.listen(engine, "before_cursor_execute", on_statement)
    hooks.listen(engine, "commit", on_commit)
    try:
        yield steps
    finally:
        hooks.remove(engine, "before_cursor_execute", on_statement)
        hooks.remove(engine, "commit", on_commit)


def run(path: Path, *batches: list[Judged]) -> Town:
    with closing(Ledger(f"sqlite:///{path}")) as ledger:
        ledger.migrate()
        town = Town(ledger)
        for batch in batches:
            town.take(*batch)
        return town


def stored(path: Path) -> dict[str, Any]:
    """Everything the ledger holds that the stage wrote."""
    with closing(Ledger(f"sqlite:///{path}")) as ledger, ledger.read() as tx:
        cases = tx.cases.find(CaseFilter(sort="newest"))
        events = {one: signature for one, signature in ((e.title, s) for e, s in tx.events.recent(NOW - HOUR))}
        return {
            "events": events,
            "counts": {case.title: tx.events.get(case.event_id) for case in cases},
            "cases": cases,
            "actions": [tx.cases.actions(case.id) for case in cases],
            "alerts": tx.alerts.find(AlertFilter()),
            "next": tx.events.of_posts(["p1", "p2", "p3", "p4", "q1", "q2"]),
        }


def steps_of_batch(path: Path, number: int) -> int:
    """How many statements and commits the handling of that batch takes when nothing goes wrong."""
    run(path, *BATCHES[:number])
    with closing(Ledger(f"sqlite:///{path}")) as ledger, crash_at(ledger, 10_000) as steps:
        Town(ledger).take(*BATCHES[number])
    return len(steps)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("undisturbed") / "ledger.db"
    run(path, *BATCHES)
    return stored(path)


def test_undisturbed_there_is_one_event_one_case_one_alert_each(undisturbed: dict[str, Any]) -> None:
    assert [case.title for case in undisturbed["cases"]] == ["云栖工地欠薪", "油烟"]
    kinds = [(alert.kind, alert.title) for alert in undisturbed["alerts"]]
    assert sorted(kinds) == [("grave", "云栖工地欠薪"), ("new_case", "云栖工地欠薪"), ("new_case", "油烟")]
    assert undisturbed["counts"]["云栖工地欠薪"].posts == 4


@pytest.mark.parametrize("number", range(len(BATCHES)))
def test_a_crash_between_any_two_steps(tmp_path: Path, number: int, undisturbed: dict[str, Any]) -> None:
    steps = steps_of_batch(tmp_path / "count.db", number)
    assert steps > 8
    run(tmp_path / "before.db", *BATCHES[:number])
    for step in range(steps):
        path = Path(copy(tmp_path / "before.db", tmp_path / f"{step}.db"))
        with closing(Ledger(f"sqlite:///{path}")) as ledger, crash_at(ledger, step), pytest.raises(Crash):
            Town(ledger).take(*BATCHES[number])
        run(path, *BATCHES[number:])
        assert stored(path) == undisturbed, f"after a crash at step {step}"


def test_a_crash_after_the_commit_and_before_the_offset(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    path = tmp_path / "ledger.db"
    for number in range(len(BATCHES)):
        run(path, *BATCHES[number : number + 1])
        run(path, *BATCHES[number : number + 1])
    run(path, *BATCHES)
    assert stored(path) == undisturbed


def test_the_same_process_may_try_again_too(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    path = tmp_path / "ledger.db"
    with closing(Ledger(f"sqlite:///{path}")) as ledger:
        ledger.migrate()
        town = Town(ledger)
        for batch in BATCHES:
            with crash_at(ledger, 6), pytest.raises(Crash):
                town.take(*batch)
            town.take(*batch)
    assert stored(path) == undisturbed


def test_a_crash_while_clocks_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    town = run(path, *BATCHES)
    for step in range(1, 12):
        with closing(Ledger(f"sqlite:///{path}")) as ledger, crash_at(ledger, step):
            try:
                tick(ledger, town.catalog, NOW + 99 * HOUR)
            except Crash:
                continue
    with closing(Ledger(f"sqlite:///{path}")) as ledger:
        tick(ledger, town.catalog, NOW + 99 * HOUR)
        assert tick(ledger, town.catalog, NOW + 99 * HOUR) == 0
    overdue = [alert for alert in stored(path)["alerts"] if alert.kind == "overdue"]
    assert len(overdue) == len({alert.id for alert in overdue}) == 2 * 2
