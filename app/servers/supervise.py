"""The process behind `servers up`: starts the servers, tells on standard output how far it is, then holds them until it is told to end.

Run as `python -m app.servers.supervise STATE_FILE`. It exits 1 with the reason as its last lines when they do not start.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from app.servers.alive import mark_of
from app.servers.cluster import Cluster, find_packages
from app.servers.server import Server
from app.servers.state import ServerState, State, write_state
from stream.errors import MinshengError

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def supervise(state: Path) -> int:
    for number in ENDING:
        signal.signal(number, _end)
    try:
        cluster = Cluster(find_packages(os.environ, say), also=(state,))
    except MinshengError as error:
        say(str(error))
        return 1
    try:
        cluster.start(say)
        write_state(state, describe(cluster))
        _let_go_of_caller()
        hold(list(cluster.servers.values()))
    except MinshengError as error:
        say(str(error))
        return 1
    except BrokenPipeError:
        return 1  # who asked for the servers was killed before they were up
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        cluster.end()


def say(line: str) -> None:
    print(line, flush=True)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def describe(cluster: Cluster) -> State:
    servers = {
        name: ServerState(server.url, server.pid or 0, mark_of(server.pid or 0))
        for name, server in cluster.servers.items()
    }
    return State(mark_of(os.getpid()), str(cluster.place.path), cluster.settings(), servers)


def _let_go_of_caller() -> None:
    """The end of our output tells the caller that all are up."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(nothing, stream.fileno())


def hold(servers: list[Server]) -> NoReturn:
    """For ever; collects the exit code of a server that ended, so that its process is gone."""
    while True:
        for server in servers:
            _ = server.pid
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(supervise(Path(sys.argv[1])))
