"""Cleans up after a process that starts servers, even when that process is killed: runs beside it, as a plain script.

Its standard input is held open by that process. Each line there is `SIGNAL PID`: a server, and what ends it without
leaving anything. At the end of input, or when that process is gone, it ends those servers and deletes what its arguments name.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import time

KILL_AFTER = 4.0  # seconds between the wanted signal and SIGKILL
DELETE_WITHIN = 15.0  # seconds; children of a server may still be writing


def main(paths: list[str]) -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # only the end of input ends it
    kept = listen(os.pidfd_open(os.getppid()))
    for number, server in kept:
        send(server, number)
    wait(kept, KILL_AFTER)
    for _, server in kept:
        send(server, signal.SIGKILL)
    wait(kept, KILL_AFTER)
    for path in paths:
        delete(path)


def listen(parent: int) -> list[tuple[int, int]]:
    """(signal, pidfd) of every server named until the end; a pidfd never means a later process with the same number."""
    kept, rest = [], b""
    while parent not in select.select([0, parent], [], [])[0] or select.select([0], [], [], 0)[0]:
        block = os.read(0, 4096)
        if not block:
            break
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            number, pid = map(int, line.split())
            try:
                kept.append((number, os.pidfd_open(pid)))
            except ProcessLookupError:
                continue  # has ended already
    return kept


def send(server: int, number: int) -> None:
    try:
        signal.pidfd_send_signal(server, number)
        signal.pidfd_send_signal(server, signal.SIGCONT)  # one that was paused takes signals only when it goes on
    except ProcessLookupError:
        return


def wait(kept: list[tuple[int, int]], seconds: float) -> None:
    """Until all have ended or the time is over; a pidfd is readable once its process has ended."""
    until = time.monotonic() + seconds
    left = {server for _, server in kept}
    while left and (rest := until - time.monotonic()) > 0:
        left -= set(select.select(list(left), [], [], rest)[0])


def delete(path: str) -> None:
    until = time.monotonic() + DELETE_WITHIN
    while os.path.lexists(path) and time.monotonic() < until:
        if os.path.isdir(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1:])
