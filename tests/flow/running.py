"""Parts of the flow as processes of their own, and what they tell of themselves."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from app.runner import part_environment

HOST = "127.0.0.1"
WITHIN = 10.0  # seconds from the signal to the end


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def eventually(holds: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What `holds` gives in the end, as soon as it is true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := holds():
            return found
        time.sleep(0.05)
    raise AssertionError(f"it did not come about within {seconds:.0f} s")


@dataclass
class Running:
    """One process; `port` is where its monitor listens."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int

    def health(self) -> tuple[int, dict[str, Any]]:
        """(0, {}) while it does not answer."""
        try:
            with closing(HTTPConnection(HOST, self.port, timeout=5)) as connection:
                connection.request("GET", "/healthz")
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
        except OSError:
            return 0, {}

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.log.read_text("utf-8")
        return self.health()[0] == 200

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Its exit code, and the seconds that it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(60)
        return code, time.monotonic() - started

    def lines(self) -> list[dict[str, Any]]:
        """Its log; every line must be a JSON object."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]


def told_at_once(folder: Path) -> str:
    """A folder of configuration under which no alert waits, whatever the time of the day."""
    made = folder / "told_at_once"
    made.mkdir(exist_ok=True)
    (made / "quiet.yaml").write_text("# everything at once\n", "utf-8")
    return str(made)


def start_part(folder: Path, *arguments: str, **settings: str) -> Running:
    """`minsheng` with these arguments; settings as MAIL__HOST="127.0.0.1"."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MINSHENG_")}
    port = free_port()
    settings = {"CONFIGS": told_at_once(folder.parent), **settings}
    values = {"DATA": str(folder), "MONITOR__PORT": str(port), "MONITOR__JSON_LOGS": "true", **settings}
    log = folder.parent / f"{'-'.join(arguments).replace('/', '_')}-{port}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", *arguments],
            env=part_environment(kept, **{f"MINSHENG_{name}": value for name, value in values.items()}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
        )
    return Running(process, log, port)


def processes_of(folder: Path) -> list[str]:
    """The ids of all processes that work on this data folder (Linux)."""
    return [path.parent.name for path in Path("/proc").glob("[0-9]*/environ") if _works_on(path, folder)]


def _works_on(path: Path, folder: Path) -> bool:
    try:
        return f"MINSHENG_DATA={folder}\0" in path.read_text("utf-8", "replace")
    except OSError:
        return False
