"""What befalls the flow besides its processes being killed: servers that go away, mail that is refused, a full disk."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.chaos.mailbox import Mailbox
from stream.log import Log, Out
from stream.messages import JUDGED, RAW

if TYPE_CHECKING:
    from app.servers.server import Server

HOUR = 3600.0
RESTART = 2.0  # seconds that a restarted server is away at least
POISON = b"{broken"
DEAD = {"judge": 1, "archive": 1, "decide": 1}  # the dead letters that `poison` must lead to


@dataclass(frozen=True)
class Trouble:
    """`begin` brings it about, `end` after `seconds` takes it away."""

    name: str
    begin: Callable[[], object]
    end: Callable[[], object]
    seconds: float


def nothing() -> None:
    """The end of a trouble that is over as soon as it has begun."""


def mail_refused(mailbox: Mailbox, seconds: float) -> Trouble:
    def refuse(refusing: bool) -> None:
        mailbox.refusing = refusing

    return Trouble("邮件服务器拒收", lambda: refuse(True), lambda: refuse(False), seconds)


def clock_jumps(path: Path) -> Trouble:
    return Trouble("时钟跳一小时", lambda: move_clock(path, HOUR), nothing, 0.0)


def move_clock(path: Path, seconds: float) -> None:
    """Set the clock of all parts ahead; written aside and renamed, so that no part reads half a number."""
    ahead = float(path.read_text("ascii")) if path.exists() else 0.0
    part = path.with_suffix(".part")
    part.write_text(str(ahead + seconds), "ascii")
    part.rename(path)


def poison(log: Log) -> Trouble:
    def publish() -> None:
        for topic in (RAW, JUDGED):
            log.publish(topic, [Out("poison", POISON)])

    return Trouble("每个主题一条坏记录", publish, nothing, 0.0)


def restarted(server: Server) -> Trouble:
    return Trouble(f"{server.name} 重启", server.stop, server.start, RESTART)


def away(server: Server, seconds: float) -> Trouble:
    return Trouble(f"{server.name} 离线 {seconds:.0f} 秒", server.kill, server.start, seconds)


def disk_full(folder: Path, seconds: float) -> Trouble:
    ballast = folder / "ballast"
    return Trouble("磁盘写满", lambda: fill(ballast), ballast.unlink, seconds)


def fill(path: Path) -> None:
    """Take all that is left of the file system."""
    size = 1 << 20
    with path.open("wb", buffering=0) as file:
        while size:
            try:
                os.write(file.fileno(), b"\0" * size)
            except OSError:
                size //= 2


class Course(threading.Thread):
    """Brings one trouble about at its times and takes it away again, whatever others do meanwhile.

    A trouble whose beginning or end takes long is late itself and makes no other late. It never meets itself.

    Args:
        times: seconds after the start of the thread.
        say: told the name at each beginning.
    """

    def __init__(self, trouble: Trouble, times: Sequence[float], say: Callable[[str], object]) -> None:
        super().__init__(name=trouble.name, daemon=True)
        self.trouble, self.times, self.say = trouble, times, say
        self.begun = 0
        self.error: Exception | None = None

    def run(self) -> None:
        started = time.monotonic()
        try:
            for at in self.times:
                time.sleep(max(0.0, started + at - time.monotonic()))
                self._befall()
        except Exception as error:
            self.error = error

    def _befall(self) -> None:
        self.begun += 1
        self.say(self.trouble.name)
        self.trouble.begin()
        time.sleep(self.trouble.seconds)
        self.trouble.end()


def courses(troubles: Sequence[Trouble], seconds: float, say: Callable[[str], object]) -> list[Course]:
    """A course for each trouble. One that comes several times is named several times; all beginnings are spread evenly
    over the time, none at its very start or end."""
    step = seconds / (len(troubles) + 1)
    times: dict[str, list[float]] = {}
    for number, trouble in enumerate(troubles, 1):
        times.setdefault(trouble.name, []).append(number * step)
    named = {trouble.name: trouble for trouble in troubles}
    return [Course(named[name], at, say) for name, at in times.items()]
