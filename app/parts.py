"""What each process does: one stage, delivery, crawling, the dashboard; and all of them together."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.drifting import DriftWatch
from app.process import Process
from app.runner import Part, Supervisor, part_environment
from app.second_look import second_look
from app.stages import make_stage
from app.stopping import Stop, never
from stream.errors import Unavailable
from stream.worker import Count, run_once

if TYPE_CHECKING:
    from app.wire import House
    from crawlers.deps import Cursors, Deps
    from crawlers.health import SourceResult
    from stream.messages import Post

logger = logging.getLogger(__name__)

SLOWEST = "decide"  # the stage that holds the others up: on few cores they give way to it
YIELDING = 5
IDLE_WAIT = 1.0  # seconds a stage waits for the next record
SHORT_WAIT = 0.02  # and where it has something else to do meanwhile
DELIVER_EVERY = 0.5
HOUSEKEEP_EVERY = timedelta(hours=1)
HOUSEKEEPING = "@housekeeping"  # beside the crawls' cursors: when the house was last kept


def work(house: House, name: str, *, drain: bool = False, stop: Stop | None = None) -> None:
    """Run one stage until stopped (or, with `drain`, until nothing is left)."""
    if name != SLOWEST:
        os.nice(YIELDING)
    with Process(house, name, stop) as process:
        if process.asked():
            return
        stage = process.insist(lambda: make_stage(house, name, process.counter))
        stage = replace(stage, handle=process.timed(stage.handle))
        logger.info("stage %s is ready", name)
        again = second_look(house, process.counter) if name == "judge" and not drain else None

        def one_round() -> int:
            process.look_behind(stage.source, name)
            wait = SHORT_WAIT if again and again.has_more else IDLE_WAIT
            done = run_once(stage, house.log, wait=wait, count=process.counter, pause=process.pause)
            if again and not done:
                again.round()
            return done

        while not process.asked():
            if drain and not process.insist(lambda: house.log.lag(stage.source, name)):
                return
            process.came_round(process.insist(one_round))


def deliver_round(house: House, now: datetime, count: Count, stop: Callable[[], bool] = never) -> int:
    """Look at every clock, then send what is due; returns how many alerts were sent."""
    from alerts.deliver import deliver_once
    from alerts.notify.channels import send_chats
    from alerts.tick import tick
    from alerts.unreachable import tell_unreachable

    tick(house.ledger, house.catalog, now)
    try_rules(house, now, count)
    done = deliver_once(house.ledger, house.archive.get, house.catalog, house.notifier, now, count=count, stop=stop)
    if done.failed:
        tell_unreachable(house.ledger, house.catalog, now)
    post = house.post_office
    return done.sent + send_chats(house.ledger, post.chat, post.bots, now, count=count, stop=stop)


def try_rules(house: House, now: datetime, count: Count) -> None:
    """Try the rules of time windows. What goes wrong waits for the next time; no mail waits for it."""
    from alerts.rules_tick import tick_rules

    try:
        told = tick_rules(house.ledger, house.catalog, now)
    except Unavailable:
        raise
    except Exception:
        count("failed", "rules", 1)
        logger.exception("the rules of time windows could not be tried")
    else:
        if told:
            count("told", "rules", told)


def keep_delivering(house: House, *, drain: bool = False, stop: Stop | None = None) -> None:
    with Process(house, "deliver", stop) as process:
        drift_watch = DriftWatch(house, process.metrics.drifted)
        while not process.asked():
            sent = process.insist(lambda: deliver_round(house, house.now(), process.counter, process.asked))
            process.came_round(sent)
            if sent:
                logger.info("sent %d alerts", sent)
            elif drain:
                return
            if process.insist(lambda: claim_house(house, house.now())):
                process.insist(lambda: try_to_keep_house(house, process.counter))
            if drift_watch.is_due(house.now()):
                process.insist(lambda: drift_watch.look(house.now()))
            process.stop.wait(0.0 if drain else DELIVER_EVERY)


def claim_house(house: House, now: datetime) -> bool:
    """Whether this process is to keep the house now: once an hour one of those that deliver."""
    with house.ledger.read() as tx:
        if not _is_due(tx.meters.cursor(HOUSEKEEPING), now):
            return False
    with house.ledger.begin() as tx:
        due = _is_due(tx.meters.cursor(HOUSEKEEPING), now)
        if due:
            tx.meters.save_cursor(HOUSEKEEPING, {"at": now.isoformat()})
    return due


def _is_due(kept: Mapping[str, Any], now: datetime) -> bool:
    """A time in the future (a clock was set back) counts as long ago."""
    return not kept or not timedelta() <= now - datetime.fromisoformat(kept["at"]) < HOUSEKEEP_EVERY


def try_to_keep_house(house: House, count: Count) -> None:
    """What goes wrong waits for the next hour; no mail waits for it."""
    try:
        keep_house(house, house.now())
    except Exception:
        count("failed", "housekeeping", 1)
        logger.exception("the house could not be kept")


def keep_house(house: House, now: datetime) -> None:
    """Let go of what is older than the retention, write last week's report if it is not there, and see that the archive has
    the latest corrections. Harmless twice."""
    from app.correcting import catch_up
    from app.exporting import export_missing_week

    trimmed = house.trim_log(now - timedelta(days=house.settings.log.keep_days))
    purged = house.archive.purge(now - timedelta(days=house.settings.archive.keep_days))
    written = export_missing_week(house, now)
    again = catch_up(house, now)
    logger.info(
        "kept house: %d records trimmed, %d posts purged, %d files written, %d corrections looked at",
        trimmed,
        purged,
        len(written),
        again,
    )


def keep_crawling(house: House, names: Sequence[str], *, once: bool = False, stop: Stop | None = None) -> int:
    """Crawl the named sources, else all enabled ones; returns how many sources failed (with `once`)."""
    sources = house.crawl_sources(names)
    with Process(house, "crawl", stop) as process:
        if not sources:
            _advise(process, once)
            return 0
        return _crawl(process, sources, once)
    return 0  # it was to stop while a server was away


def _advise(process: Process, once: bool) -> None:
    """Stays up, so that the other parts go on and the advice stands in the log."""
    click.echo(
        "没有启用的来源。请在 configs/sources.yaml 里把来源的 enabled 改为 true，再运行 minsheng check。", err=True
    )
    while not once and not process.asked():
        process.stop.wait(30)


def _crawl(process: Process, sources: Sequence[Any], once: bool) -> int:
    from classify.pii import mask
    from crawlers.run import crawl_forever, crawl_once

    house = process.house
    deps = patient_deps(process, process.insist(lambda: house.crawl_deps(process.counter)))

    def report(result: SourceResult) -> None:
        process.insist(lambda: note_runs(house, [result]))
        process.came_round(1)

    if not once:
        crawl_forever(sources, deps, process.asked, house.now, report)
        return 0
    results = crawl_once(sources, deps, house.now, stop=process.asked)
    process.insist(lambda: note_runs(house, results))
    for result in results:
        click.echo(
            f"{result.source}: 读到 {result.items} 条，新 {result.new} 条{'' if result.ok else '，失败'} {mask(result.reason)}"
        )
    return sum(not result.ok for result in results)


def patient_deps(process: Process, deps: Deps) -> Deps:
    """The same, but all crawls wait while the log or the ledger is away, and then go on where they were."""

    def publish(posts: Sequence[Post]) -> None:
        process.insist(lambda: deps.publish(posts))

    return replace(deps, publish=publish, cursors=PatientCursors(process, deps.cursors))


@dataclass(frozen=True)
class PatientCursors:
    process: Process
    cursors: Cursors

    def load(self, source: str) -> Mapping[str, Any]:
        return self.process.insist(lambda: self.cursors.load(source))

    def save(self, source: str, cursor: Mapping[str, Any]) -> None:
        self.process.insist(lambda: self.cursors.save(source, cursor))


def note_runs(house: House, results: Sequence[SourceResult]) -> None:
    """Keep in the ledger how each visit went."""
    from alerts.ledger import SourceRun
    from classify.pii import mask

    with house.ledger.begin() as tx:
        for one in results:  # a reason may quote what stands on a page
            tx.meters.source_run(SourceRun(one.source, one.at, one.ok, one.items, one.new, mask(one.reason)))


def dashboard_arguments(host: str, port: int) -> tuple[str, ...]:
    """The command line of the dashboard, after the interpreter."""
    options = {
        "server.address": host,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "server.maxUploadSize": "20",
        "browser.gatherUsageStats": "false",
        "client.showErrorDetails": "none",
        "client.toolbarMode": "minimal",
        "theme.base": "light",
        "theme.primaryColor": "#1f4e7a",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    return ("-m", "streamlit", "run", str(Path(__file__).parent / "page.py"), *flags)


def serve_dashboard(house: House, env: Mapping[str, str]) -> None:
    """Becomes Streamlit's process, which ends by itself on SIGTERM; GET /_stcore/health tells whether it serves."""
    settings = house.settings.dashboard
    warn_without_users(house)
    arguments = [sys.executable, *dashboard_arguments(settings.host, settings.port)]
    os.execve(sys.executable, arguments, part_environment(env))  # noqa: S606 - our own interpreter


def warn_without_users(house: House) -> None:
    try:
        with house.ledger.begin() as tx:
            users = tx.users.all()
    except Unavailable as error:
        click.echo(f"{error} (各部件会等它恢复)", err=True)
        return
    if not users:
        click.echo("还没有看板用户，请先运行: minsheng user add 用户名", err=True)


def all_parts(house: House) -> list[Part]:
    """Every part; in the distributed profile, too, each works on the servers."""
    dashboard = house.settings.dashboard
    return [
        *(Part(f"worker-{name}", ("-m", "app.cli", "worker", name)) for name in ("judge", "archive", "decide")),
        Part("deliver", ("-m", "app.cli", "deliver")),
        *([Part("inbox", ("-m", "app.cli", "inbox"))] if house.settings.imap.host else []),
        Part("crawl", ("-m", "app.cli", "crawl")),
        Part("dashboard", dashboard_arguments(dashboard.host, dashboard.port)),
    ]


def run_all(house: House, env: Mapping[str, str]) -> int:
    """Start every part and keep them running until Ctrl-C; returns the exit code."""
    from app.ports import answers, refuse_taken_port

    settings = house.settings.dashboard
    refuse_taken_port(settings.host, settings.port, "看板", "在设置 dashboard.port 里换一个端口")
    stop = Stop().install()
    if not house.distributed:
        _ = house.log, house.archive, house.ledger  # made before several processes open them
    warn_without_users(house)
    supervisor = Supervisor(all_parts(house), house.data / "logs", part_environment(env), click.echo)
    supervisor.start()
    try:
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: answers(settings.host, settings.port), stop, 60.0)
        click.echo(f"看板: {settings.public_url}    数据: {house.data}    日志: {house.data / 'logs'}    停止: Ctrl-C")
        supervisor.watch(stop)
    finally:
        supervisor.stop()
    click.echo("已全部停止。")
    return 0


def wait_until(ready: object, stop: Stop, seconds: float) -> None:
    """Raises TimeoutError when `ready()` is still false after `seconds`; returns at once when asked to stop."""
    assert callable(ready)  # noqa: S101
    until = time.monotonic() + seconds
    while not stop and not ready():
        if time.monotonic() > until:
            raise TimeoutError
        stop.wait(0.2)
