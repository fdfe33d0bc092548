"""One storm: load, kills and troubles; then calm, and the books."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alerts.ledger import AlertFilter
from app.chaos.books import Books, balance, lag_of
from app.chaos.load import COUNTIES, ordinary_posts, planted_posts
from app.chaos.mailbox import HOST, Mailbox
from app.chaos.part import CLOCK
from app.chaos.troubles import (
    DEAD,
    HOUR,
    Course,
    Trouble,
    away,
    clock_jumps,
    courses,
    disk_full,
    mail_refused,
    move_clock,
    poison,
    restarted,
)
from app.runner import Part, Supervisor, part_environment
from app.servers.server import free_port
from app.wire import House, open_house
from stream.errors import MinshengError, Unavailable
from stream.log import Log, Out
from stream.messages import RAW, Post, encode_post

if TYPE_CHECKING:
    from app.servers.server import Server

EVERY = 3.0  # seconds between two kills
GLANCE = 0.1
SLOWEST_RESTART = 2.0
KILLS_PER_ROUND = 40  # every trouble comes once in so many kills
POSTS_PER_PLANTED = 400
CALM = 180.0  # seconds to come to rest, and one more for every CALM_RATE posts
CALM_RATE = 60.0
JUMPS = 24  # hours that the clock may be set ahead until every mail that was put off has gone out
PER_POST = 12_000  # bytes of disk
LEAST_DISK = 96_000_000
PARTS = ("worker judge", "worker archive", "worker decide", "deliver")
TWICE = ("worker archive", "worker decide")  # with servers two processes each share the partitions


@dataclass(frozen=True)
class Plan:
    """`rate`: posts per second; `away`: seconds that a server stays away."""

    kills: int
    rate: float
    away: float
    seed: int

    @property
    def seconds(self) -> float:
        return self.kills * EVERY

    @property
    def posts(self) -> int:
        return int(self.seconds * self.rate)


@dataclass
class Storm:
    """What came about so far."""

    kills: int = 0
    outages: int = 0


class Load(threading.Thread):
    """Publishes the posts at a steady rate, each until the log has it."""

    def __init__(self, log: Log, posts: Sequence[Post], rate: float) -> None:
        super().__init__(daemon=True)
        self.log, self.posts, self.rate = log, posts, rate
        self.done = 0
        self.error: Exception | None = None

    def run(self) -> None:
        started = time.monotonic()
        try:
            while self.done < len(self.posts):
                due = min(int((time.monotonic() - started) * self.rate) + 1, len(self.posts))
                if due > self.done:
                    self._publish(self.posts[self.done : due])
                    self.done = due
                time.sleep(GLANCE)
        except Exception as error:
            self.error = error

    def _publish(self, posts: Sequence[Post]) -> None:
        outs = [Out(post.id, encode_post(post)) for post in posts]
        while True:
            try:
                return self.log.publish(RAW, outs)
            except Unavailable:
                time.sleep(0.5)


def storm_embedded(plan: Plan, env: Mapping[str, str]) -> tuple[Storm, Books]:
    with tempfile.TemporaryDirectory(prefix="minsheng-chaos-") as name:
        folder = Path(name) / "data"
        folder.mkdir()
        with small_disk(folder, LEAST_DISK + plan.posts * PER_POST) as is_small:
            troubles = [disk_full(folder, min(plan.away, 10.0))] if is_small else []
            if not is_small:
                click.echo("不能挂载小磁盘 (需要 root)，跳过“磁盘写满”。")
            return _storm(plan, Path(name), env, troubles, PARTS)


def storm_distributed(plan: Plan, servers: Mapping[str, Server], env: Mapping[str, str]) -> tuple[Storm, Books]:
    troubles = [
        restarted(servers["kafka"]),
        away(servers["elastic"], plan.away),
        restarted(servers["postgres"]),
    ]
    with tempfile.TemporaryDirectory(prefix="minsheng-chaos-") as name:
        (Path(name) / "data").mkdir()
        return _storm(plan, Path(name), env, troubles, (*PARTS, *TWICE))


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[bool]:
    """Mounts a file system of its own in memory on the folder; gives False where that is not allowed."""
    if not shutil.which("mount"):
        yield False
        return
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "minsheng-chaos", str(folder)]
    mounted = subprocess.run(mounting, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own command
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)  # noqa: S603, S607


def _storm(
    plan: Plan, folder: Path, env: Mapping[str, str], troubles: Sequence[Trouble], parts: Sequence[str]
) -> tuple[Storm, Books]:
    clock = folder / "clock"
    move_clock(clock, 0.0)
    mailbox = Mailbox(free_port())
    mailbox.start()
    house = open_house(settings := _environment(env, folder / "data", mailbox.port))
    _ = house.log, house.archive, house.ledger  # made before several processes open them
    planted = planted_posts(min(plan.posts // POSTS_PER_PLANTED + 1, len(COUNTIES)), plan.seed, datetime.now(UTC))
    posts = _shuffled(plan, planted)
    load = Load(house.log, posts, plan.rate)
    supervisor = Supervisor(
        [_part(name, number) for number, name in enumerate(parts)],
        folder / "logs",
        part_environment(settings, **{CLOCK: str(clock)}),
        lambda line: None,
        SLOWEST_RESTART,
    )
    supervisor.start()
    try:
        common = [mail_refused(mailbox, plan.away), clock_jumps(clock)]
        rounds = max(1, plan.kills // KILLS_PER_ROUND)
        storm = _rage(plan, supervisor, load, [poison(house.log), *[*troubles, *common] * rounds])
        _calm(plan, supervisor, house, clock, len(posts))
    finally:
        for one in supervisor.running:  # nothing may be in memory only
            one.process.kill()
        supervisor.stop()
        mailbox.stop()
        house.close()
    ids = [[post.id for post in event] for event in planted]
    with closing(open_house(settings)) as anew:
        return storm, balance(anew, [post.id for post in posts], ids, mailbox.told)


def _shuffled(plan: Plan, planted: Sequence[Sequence[Post]]) -> list[Post]:
    told = [post for event in planted for post in event]
    posts = [*ordinary_posts(plan.posts - len(told), plan.seed, datetime.now(UTC), 1e12), *told]
    random.Random(plan.seed).shuffle(posts)  # noqa: S311 - an order, no secret
    return posts


def _environment(env: Mapping[str, str], data: Path, mail_port: int) -> dict[str, str]:
    return {
        **env,
        "MINSHENG_CONFIGS": os.pathsep.join(
            (*filter(None, (env.get("MINSHENG_CONFIGS"),)), _told_at_once(data.parent))
        ),
        "MINSHENG_DATA": str(data),
        "MINSHENG_MAIL__HOST": HOST,
        "MINSHENG_MAIL__PORT": str(mail_port),
        "MINSHENG_MAIL__SECURITY": "none",
    }


def _told_at_once(folder: Path) -> str:
    """A folder of configuration under which no alert waits: the books are closed minutes after the storm."""
    made = folder / "configs"
    made.mkdir()
    (made / "quiet.yaml").write_text("# everything at once\n", encoding="utf-8")
    return str(made)


def _part(name: str, number: int) -> Part:
    return Part(f"{number}-{name.replace(' ', '-')}", ("-m", "app.chaos.part", *name.split()))


def _rage(plan: Plan, supervisor: Supervisor, load: Load, troubles: Sequence[Trouble]) -> Storm:
    """Until all posts are published, all kills done and all troubles over."""
    storm, draw, started = Storm(), random.Random(plan.seed), time.monotonic()  # noqa: S311

    def say(name: str) -> None:
        click.echo(f"{time.monotonic() - started:7.1f} 秒  {name}")

    under_way = courses(troubles, plan.seconds, say)
    for course in (load, *under_way):
        course.start()
    while storm.kills < plan.kills or any(course.is_alive() for course in (load, *under_way)):
        if storm.kills < plan.kills and time.monotonic() - started >= (storm.kills + 1) * EVERY:
            storm.kills += 1
            _kill_one(supervisor, draw)
        supervisor.check(time.monotonic())
        time.sleep(GLANCE)
    storm.outages = sum(course.begun for course in under_way)
    _raise_what_failed(load, under_way)
    return storm


def _raise_what_failed(load: Load, under_way: Sequence[Course]) -> None:
    if load.error:
        raise MinshengError(f"发布失败: {load.error!r}") from load.error
    for course in under_way:
        if course.error:
            raise MinshengError(f"故障“{course.name}”没有做成: {course.error!r}") from course.error


def _kill_one(supervisor: Supervisor, draw: random.Random) -> None:
    alive = [one for one in supervisor.running if one.process.poll() is None]
    if alive:
        draw.choice(alive).process.kill()


def _calm(plan: Plan, supervisor: Supervisor, house: House, clock: Path, posts: int) -> None:
    """Until everything is read, decided and mailed. Raises MinshengError when that does not come about."""
    until, jumps = time.monotonic() + CALM + posts / CALM_RATE, 0
    while time.monotonic() < until:
        supervisor.check(time.monotonic())
        lag, pending = _quietly(lambda: lag_of(house)), _quietly(lambda: _pending(house))
        if lag == 0 and pending == 0:
            return
        if lag == 0 and jumps < JUMPS:  # what was held by a dead sender or put off after a refusal is due later
            move_clock(clock, HOUR)
            jumps += 1
            time.sleep(5.0)
        time.sleep(0.5)
    raise MinshengError(f"没有恢复平静: 积压 {lag_of(house)}，未发预警 {_pending(house)}")


def _quietly(ask: Callable[[], int]) -> int:
    try:
        return ask()
    except Unavailable:
        return -1


def _pending(house: House) -> int:
    with house.ledger.read() as tx:
        return len(tx.alerts.find(AlertFilter(states=("pending",), limit=1_000_000)))


def report(profile: str, storm: Storm, books: Books) -> bool:
    """Tell the counts; returns whether the books are clean."""
    click.echo(
        f"{profile}: 杀进程 {storm.kills} 次，故障 {storm.outages} 起；发布 {books.published}，归档 {books.archived}，"
        f"未归档 {len(books.missing)}，未归并 {len(books.undecided)}，重复 {books.doubled}，积压 {books.lag}；"
        f"死信 {books.dead}；预警漏发 {len(books.unsent)}、重发 {len(books.twice)}；埋设事件未成一案 {len(books.split)}"
    )
    for ids in (books.missing, books.undecided, books.split, books.unsent, books.twice):
        for one in ids[:5]:
            click.echo(f"    {one}")
    return books.is_clean(DEAD)


def as_json(results: Sequence[tuple[Storm, Books]]) -> str:
    """The sums over all storms, one object."""
    return json.dumps(
        {
            "kills": sum(storm.kills for storm, _ in results),
            "outages": sum(storm.outages for storm, _ in results),
            "published": sum(books.published for _, books in results),
            "archived": sum(books.archived for _, books in results),
            "lost": sum(books.lost for _, books in results),
            "doubled": sum(books.doubled + len(books.split) for _, books in results),
            "mails_lost": sum(len(books.unsent) for _, books in results),
            "mails_doubled": sum(len(books.twice) for _, books in results),
        }
    )
