"""Starts every part as a process of its own, restarts what dies, and stops all within seconds."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.stopping import DRAIN, LAST, Stop

__all__ = ["Part", "Stop", "Supervisor", "part_environment"]

PR_SET_PDEATHSIG = 1
STOP_WITHIN = DRAIN + LAST + 0.5  # seconds between asking a part to stop and killing it: it ends by itself before
STEADY_AFTER = 30.0  # a part that lived this long starts again at once
SLOWEST_RESTART = 30.0


@dataclass(frozen=True)
class Part:
    """One process: its name (for log file and messages) and its command line after the interpreter."""

    name: str
    arguments: tuple[str, ...]


@dataclass
class Running:
    part: Part
    process: subprocess.Popen[bytes]
    started: float
    failures: int = 0
    restart_at: float = field(default=0.0)


def _die_with_parent() -> None:
    """In the child, before exec: the kernel ends it when the supervisor is gone, however that came about (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Runs parts until told to stop.

    Args:
        parts: what to run, started in this order and stopped in the reverse order.
        logs: folder for one log file per part.
        env: the environment of the parts.
        say: tells the user a line.
        slowest: seconds that a part which keeps ending waits at most before it is started again.
        within: seconds that all parts together get to stop before those that are left are killed.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        logs: Path,
        env: Mapping[str, str],
        say: Callable[[str], None],
        slowest: float = SLOWEST_RESTART,
        within: float = STOP_WITHIN,
    ) -> None:
        self.parts = parts
        self.logs = logs
        self.env = dict(env)
        self.say = say
        self.slowest = slowest
        self.within = within
        self.running: list[Running] = []

    def start(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        for part in self.parts:
            self.running.append(Running(part, self._spawn(part), time.monotonic()))

    def log_of(self, part: Part) -> Path:
        return self.logs / f"{part.name}.log"

    def _spawn(self, part: Part) -> subprocess.Popen[bytes]:
        with self.log_of(part).open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and our own modules
                [sys.executable, *part.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops the parts in order
                preexec_fn=_die_with_parent,
            )

    def check(self, now: float) -> None:
        """Start again what has ended, slower each time it ends early."""
        for one in self.running:
            if one.process.poll() is None:
                continue
            if not one.restart_at:
                self._plan_restart(one, now)
            if now >= one.restart_at:
                one.process, one.started, one.restart_at = self._spawn(one.part), now, 0.0

    def _plan_restart(self, one: Running, now: float) -> None:
        one.failures = 0 if now - one.started > STEADY_AFTER else one.failures + 1
        pause = min(self.slowest, 2.0**one.failures)
        one.restart_at = now + pause
        how = f"部件 {one.part.name} 意外退出 (代码 {one.process.returncode})"
        self.say(f"{how}，{pause:.0f} 秒后重启；日志: {self.log_of(one.part)}")

    def watch(self, stop: Stop) -> None:
        while not stop.wait(0.5):
            self.check(time.monotonic())

    def stop(self) -> None:
        for one in reversed(self.running):
            if one.process.poll() is None:
                one.process.terminate()
        until = time.monotonic() + self.within
        for one in self.running:
            try:
                one.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()
        self.running.clear()


def part_environment(env: Mapping[str, str], **values: str) -> dict[str, str]:
    """The environment for parts: UTF-8 everywhere, unbuffered logs, and the given settings."""
    root = str(Path(__file__).parent.parent)
    path = os.pathsep.join(part for part in (root, env.get("PYTHONPATH", "")) if part)
    return {**env, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "PYTHONPATH": path, **values}
