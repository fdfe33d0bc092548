"""How the tests are started: all on all cores, named ones in one process, their files in memory where there is room."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import app
from app import develop

ROOT = Path(app.__file__).parent.parent


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


def test_the_tests_of_a_file_run_in_one_process_and_those_of_the_servers_together(tmp_path: Path) -> None:
    """In a run of its own: each test writes down its worker."""
    text = "import os, pathlib, pytest\n@pytest.mark.parametrize('n', range(8))\ndef test_it(n):\n"
    text += "    with open('seen.txt', 'a') as seen: seen.write(f\"{pathlib.Path(__file__).stem} {os.environ['PYTEST_XDIST_WORKER']}\\n\")\n"
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_xdist_make_scheduler  # noqa: F401\n")
    (tmp_path / "tests" / "servers").mkdir(parents=True)
    for name in ("test_a.py", "test_b.py", "tests/servers/test_c.py", "tests/servers/test_d.py"):
        (tmp_path / name).write_text(text)
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    run = (
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-n",
        "2",
        "--dist",
        "loadgroup",
        "--rootdir",
        ".",
    )
    subprocess.run(run, cwd=tmp_path, check=True, env={**env, "PYTHONPATH": str(ROOT)}, capture_output=True)
    seen = {tuple(line.split()) for line in (tmp_path / "seen.txt").read_text().splitlines()}
    assert sorted(name for name, _ in seen) == ["test_a", "test_b", "test_c", "test_d"]
    worker = {name: who for name, who in seen}
    assert worker["test_c"] == worker["test_d"]
