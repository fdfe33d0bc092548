"""What befalls the flow besides its processes being killed: servers that go away, mail that is refused, a full disk."""

from __future__ import annotations

import os
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


def spread(troubles: Sequence[Trouble], seconds: float) -> list[tuple[float, Trouble]]:
    """When each begins, evenly over the time and none at its very start or end."""
    step = seconds / (len(troubles) + 1)
    return [((number + 1) * step, trouble) for number, trouble in enumerate(troubles)]
