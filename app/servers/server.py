"""What the three servers have in common: one process with a folder and a port that it keeps over restarts."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress

from app.ports import is_taken
from app.servers.alive import children
from app.servers.leash import leashed
from app.servers.throwaway import Throwaway
from stream.errors import MinshengError

HOST = "127.0.0.1"
PORTS = range(20000, 32000)  # below those that the system gives to clients: nobody takes one while its server is away
STARTS_WITHIN = 60.0
STOPS_WITHIN = 10.0


def free_port() -> int:
    for port in random.sample(PORTS, 200):
        if not is_taken(HOST, port):
            return port
    raise MinshengError(f"{HOST} 上没有空闲端口 ({PORTS.start}–{PORTS.stop})。")


class Server(ABC):
    """One server process.

    Args:
        place: holds the folder and the promise that the process does not outlive this one.
        name: of its folder in there and of it in messages.
    """

    stop_signal = signal.SIGTERM  # an orderly end that keeps the data
    end_signal = signal.SIGKILL  # a quick end that leaves nothing in the system

    def __init__(self, place: Throwaway, name: str) -> None:
        self.place = place
        self.name = name
        self.folder = place.path / name
        self.port = free_port()
        self.log = place.path / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    @abstractmethod
    def url(self) -> str:
        """What a client is told."""

    @abstractmethod
    def prepare(self) -> None:
        """Makes the folder and what the first start needs."""

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it serves now; called over and over while it starts."""

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process and self.process.poll() is None else None

    def start(self, within: float = STARTS_WITHIN) -> None:
        """Returns when it serves, with the data and at the port that it had before. Raises MinshengError with its log's end."""
        self.launch()
        self.wait(within)

    def launch(self) -> None:
        if self.pid:
            return
        if not self.folder.exists():
            self.prepare()
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self.process = self.spawn(self.command())

    def wait(self, within: float = STARTS_WITHIN) -> None:
        until = time.monotonic() + within
        while not self.is_ready():
            if not self.pid:
                raise MinshengError(f"{self.name} 没有启动成功。日志末尾:\n{self.log_tail()}")
            if time.monotonic() > until:
                self.kill()
                raise MinshengError(f"{self.name} 在 {within:.0f} 秒内没有就绪。日志末尾:\n{self.log_tail()}")
            time.sleep(0.05)

    def spawn(self, command: list[str], user: str | None = None) -> subprocess.Popen[bytes]:
        """A process that does not outlive this one. `user`: as whom it runs, with that user's group and no other."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command
                leashed(command, self.end_signal),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.place.path,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=[] if user else None,
            )
        self.place.hold(process.pid, self.end_signal)
        return process

    def said(self) -> str:
        """What it has logged since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode("utf-8", "replace")

    def log_tail(self, lines: int = 15) -> str:
        return "\n".join(self.said().splitlines()[-lines:]) if self.log.exists() else ""

    def stop(self) -> None:
        """An orderly end; its data stay for the next start."""
        self.resume()
        self._end(self.stop_signal)

    def kill(self) -> None:
        """kill -9; its data stay for the next start."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """It stays there and answers nothing, as a machine that hangs."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        self._send(signal.SIGCONT)

    def _end(self, number: int) -> None:
        if self.process is None:
            return
        if self.pid:
            self.process.send_signal(number)
        try:
            self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _send(self, number: int) -> None:
        if pid := self.pid:
            for one in (pid, *children(pid)):
                with suppress(ProcessLookupError):  # a session of it that has just ended
                    os.kill(one, number)
