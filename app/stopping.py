"""How a process is asked to stop, and how it ends even where something does not listen."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from types import FrameType
from typing import Any

DRAIN = 6.0  # seconds that what is in hand gets to be finished
LAST = 2.5  # seconds from then on for letting go: the counts, the log, the ledger
GLANCE = 0.1


def never() -> bool:
    """What is asked whether to stop where nobody can."""
    return False


class Stopped(SystemExit):
    """Ends the process with 0 wherever it is. What was in hand is not committed and comes again."""

    def __init__(self) -> None:
        super().__init__(0)


class Stop:
    """Becomes true on the first SIGINT or SIGTERM, later ones change nothing; `wait` sleeps but wakes for it."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, Any] = {}
        self._bell: socket.socket | None = None

    def install(self) -> Stop:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._ask)
        return self

    def release(self) -> None:
        """Signals mean again what they meant before."""
        if self._bell:
            signal.set_wakeup_fd(-1)
            self._bell.close()  # which ends the thread that listens
        for number, before in self._before.items():
            signal.signal(number, before)
        self._bell, self._before = None, {}

    def limit(self, drain: float = DRAIN, last: float = LAST) -> Stop:
        """From being asked, what runs gets `drain` seconds; then Stopped is raised in the main thread, and the process
        is gone after `last` more. Nothing lasting is lost by that: a crash at any point is one of the cases that every
        part is made for. Only from the main thread.
        """
        if self._bell:
            return self
        hear, self._bell = socket.socketpair()
        self._bell.setblocking(False)
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, _end)
        signal.set_wakeup_fd(
            self._bell.fileno(), warn_on_full_buffer=False
        )  # tells even while C code holds the main thread
        threading.Thread(target=_watch, args=(hear, drain, last), name="stop", daemon=True).start()
        return self

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    def __bool__(self) -> bool:
        return self.asked

    def wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, GLANCE))
        return self.asked


def _watch(hear: socket.socket, drain: float, last: float) -> None:
    while (heard := hear.recv(1)) and heard[0] not in (signal.SIGINT, signal.SIGTERM):
        pass
    if not heard:  # released
        hear.close()
        return
    time.sleep(drain)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
    time.sleep(last)
    os._exit(0)


def _end(number: int, frame: FrameType | None) -> None:
    raise Stopped
