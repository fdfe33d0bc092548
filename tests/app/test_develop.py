"""How the tests are started: all on all cores, named ones in one process, their files in memory where there is room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from app import develop


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    commands: list[Sequence[str]] = []

    def call(command: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None) -> int:
        commands.append(command)
        return 0

    monkeypatch.setattr(develop.subprocess, "call", call)
    return commands


@pytest.mark.parametrize(
    ("arguments", "spread"),
    [
        ((), True),
        (("-x", "--durations", "15"), True),
        (("-k", "clocks"), True),
        (("tests/app",), False),
        (("-x", "tests/app/test_develop.py::test_of_one"), False),
    ],
)
def test_only_what_is_named_runs_in_one_process(
    started: list[Sequence[str]], arguments: tuple[str, ...], spread: bool
) -> None:
    assert develop.run_tests(arguments) == 0
    ((_, _, module, *rest),) = started
    assert (module, tuple(rest)) == ("pytest", ((*develop.SPREAD, *arguments) if spread else arguments))


def test_the_tests_come_after_all_other_checks(started: list[Sequence[str]]) -> None:
    assert develop.check_all(with_tests=True) == 0
    assert "pytest" in started[-1]
    assert sum("pytest" in command for command in started) == 1


@pytest.mark.parametrize(
    ("env", "changes", "used"),
    [
        ({}, {}, True),
        ({"PYTEST_DEBUG_TEMPROOT": "/elsewhere"}, {}, False),
        ({}, {"least": 1 << 62}, False),
        ({}, {"memory": Path("/no/such/folder")}, False),
    ],
    ids=["there is room", "told otherwise", "too little room", "no such folder"],
)
def test_files_lie_in_memory_where_there_is_room(
    tmp_path: Path, env: dict[str, str], changes: dict[str, Any], used: bool
) -> None:
    found = develop.files_in_memory(env, **{"memory": tmp_path, "least": 0, **changes})
    assert found == ({"PYTEST_DEBUG_TEMPROOT": str(tmp_path)} if used else {})
