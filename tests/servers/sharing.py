"""A process that works for a consumer group, for tests that kill it: what it handled stands in a file."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from stream.errors import Unavailable
from stream.log import Out, Record
from stream.log_kafka import KafkaLog
from stream.worker import Outs, Stage, run_once


def work(servers: str, prefix: str, file: str, pause: float = 0.0) -> None:
    """Handle records of topic "t" for group "work" until SIGTERM; each handled record is one line: key, number, process."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def handle(records: Sequence[Record]) -> Outs:
        lines = [f"{record.key} {record.value.decode()} {os.getpid()}\n" for record in records]
        os.write(descriptor, "".join(lines).encode())
        stop.wait(pause)
        return [("out", Out(record.key, record.value)) for record in records]

    with closing(KafkaLog(servers, prefix=prefix, partitions=6)) as log:
        while not stop.is_set():
            try:
                run_once(Stage("work", "t", handle, batch=20), log, wait=0.5)
            except Unavailable as away:
                print(away, file=sys.stderr)
                stop.wait(0.2)


def handled(file: Path) -> list[tuple[str, int, int]]:
    """(key, number, process) in the order in which they were handled."""
    if not file.exists():
        return []
    rows = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    return [(key, int(number), int(process)) for key, number, process in rows]
