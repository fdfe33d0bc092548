"""A process that is asked to stop ends with 0, whatever it is doing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from app.runner import part_environment

pytestmark = pytest.mark.slow

START = """
import socket, sqlite3, sys, threading, time
from app.stopping import Stop, Stopped
stop = Stop().install().limit(drain=0.5, last=float(sys.argv[2]))
"""
LISTENS = "print('up', flush=True)\nwhile not stop.wait(60): pass\nprint('let go')\n"
READS = """
ours, theirs = socket.socketpair()
print('up', flush=True)
try:
    ours.recv(1)
finally:
    print('let go')
"""
COUNTS = """
def count():
    while True:
        sum(range(1000))
print('up', flush=True)
try:
    count()
finally:
    print('let go')
"""
SWALLOWS = """
print('up', flush=True)
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass
"""
IN_C = """
path = sys.argv[1]
one, other = (sqlite3.connect(path, timeout=60, isolation_level=None) for _ in range(2))
one.execute('BEGIN IMMEDIATE')
print('up', flush=True)
other.execute('BEGIN IMMEDIATE')
"""

Program = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def program(tmp_path: object) -> Iterator[Program]:
    running: list[subprocess.Popen[str]] = []

    def start(text: str, last: float = 5.0) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", START + text, f"{tmp_path}/db", str(last)]
        process = subprocess.Popen(command, env=part_environment(os.environ), stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process

    yield start
    for one in running:
        one.kill()
        one.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, float]:
    """Its code, what else it printed, and how many seconds that took."""
    started = time.monotonic()
    told, _ = process.communicate(timeout=20)
    return process.returncode, told, time.monotonic() - started


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_loop_that_listens_ends_at_once(program: Program, number: signal.Signals) -> None:
    process = program(LISTENS)
    process.send_signal(number)
    code, told, seconds = ended(process)
    assert (code, told) == (0, "let go\n")
    assert seconds < 2


@pytest.mark.parametrize("text", [READS, COUNTS], ids=["a read without end", "a long sum"])
def test_what_does_not_look_is_interrupted_and_lets_go(program: Program, text: str) -> None:
    process = program(text)
    process.terminate()
    assert ended(process)[:2] == (0, "let go\n")


@pytest.mark.parametrize("text", [SWALLOWS, IN_C], ids=["one that swallows it", "a lock of SQLite"])
def test_what_does_not_even_let_go_is_ended(program: Program, text: str) -> None:
    process = program(text, last=0.5)
    process.terminate()
    code, _, seconds = ended(process)
    assert code == 0
    assert seconds < 5


def test_more_signals_change_nothing(program: Program) -> None:
    process = program("print('up', flush=True)\nstop.wait(60)\ntime.sleep(0.2)\nprint('let go')\n")
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
        process.send_signal(number)
    assert ended(process)[:2] == (0, "let go\n")
