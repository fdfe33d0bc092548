"""The supervisor: parts start, are started again when they die, and all stop in time."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.runner import STOP_WITHIN, Part, Supervisor, part_environment
from app.stopping import DRAIN, LAST

pytestmark = pytest.mark.slow
STUBBORN = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
# In the middle of something that does not look, until it is interrupted; and then letting go takes its time.
BUSY = """
import time
from app.stopping import Stop
stop = Stop().install().limit()
print('up', flush=True)
try:
    while True:
        time.sleep(0.1)
finally:
    time.sleep(1.5)
    print('let go', flush=True)
"""


def supervisor(tmp_path: Path, *parts: Part) -> tuple[Supervisor, list[str]]:
    said: list[str] = []
    return Supervisor(parts, tmp_path / "logs", part_environment(os.environ), said.append), said


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_a_part_that_dies_is_started_again_and_told(tmp_path: Path) -> None:
    parts, said = supervisor(tmp_path, Part("short", ("-c", "print('hello')")))
    parts.start()
    log = tmp_path / "logs" / "short.log"
    try:
        assert eventually(lambda: parts.running[0].process.poll() is not None)
        parts.check(time.monotonic())
        parts.check(time.monotonic() + 60)
        assert eventually(lambda: log.read_text().count("hello") == 2)
    finally:
        parts.stop()
    assert "short" in said[0]
    assert "意外退出" in said[0]


def test_a_part_that_keeps_dying_is_started_ever_slower(tmp_path: Path) -> None:
    parts, said = supervisor(tmp_path, Part("bad", ("-c", "raise SystemExit(3)")))
    parts.start()
    now = time.monotonic()
    try:
        for _ in range(3):
            assert eventually(lambda: parts.running[0].process.poll() is not None)
            parts.check(now)
            now += 31.0
            parts.running[0].started = now
            parts.check(now)
    finally:
        parts.stop()
    assert [line.split("，")[1].split(" ")[0] for line in said] == ["2", "4", "8"]


def test_stop_ends_even_a_part_that_does_not_listen(tmp_path: Path) -> None:
    parts, _ = supervisor(tmp_path, Part("stubborn", ("-c", STUBBORN)))
    parts.within = 1.0
    parts.start()
    process = parts.running[0].process
    assert eventually(lambda: "up" in (tmp_path / "logs" / "stubborn.log").read_text())
    started = time.monotonic()
    parts.stop()
    assert time.monotonic() - started < 3
    assert process.poll() == -signal.SIGKILL


def test_a_part_gets_all_the_time_that_it_may_take_to_finish_what_is_in_hand(tmp_path: Path) -> None:
    parts, _ = supervisor(tmp_path, Part("busy", ("-c", BUSY)))
    parts.start()
    process, log = parts.running[0].process, tmp_path / "logs" / "busy.log"
    assert eventually(lambda: "up" in log.read_text())
    parts.stop()
    assert process.poll() == 0
    assert "let go" in log.read_text()
    assert DRAIN + LAST < STOP_WITHIN < 10  # and all together are gone within ten seconds


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_parts_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, sys, time\nfrom pathlib import Path\n"
        "from app.runner import Part, Supervisor, part_environment\n"
        "s = Supervisor([Part('p', ('-c', 'import os,time; print(os.getpid(), flush=True); time.sleep(60)'))],"
        f" Path({str(tmp_path)!r}), part_environment(os.environ), print)\ns.start()\ntime.sleep(60)\n"
    )
    log = tmp_path / "p.log"
    boss = subprocess.Popen([sys.executable, "-c", program], env=part_environment(os.environ))
    try:
        assert eventually(lambda: log.exists() and log.read_text().strip() != "")
    finally:
        boss.kill()
        boss.wait()
    child = int(log.read_text())
    assert eventually(lambda: not _alive(child))


def _alive(pid: int) -> bool:
    """A zombie that nobody reaps counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
