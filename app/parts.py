"""What each process does: one stage, delivery, crawling, the dashboard; and all of them together."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.runner import Part, Stop, Supervisor, part_environment
from app.stages import make_stage
from stream.worker import Count, run_once

if TYPE_CHECKING:
    from app.wire import House
    from crawlers.health import SourceResult

logger = logging.getLogger(__name__)

SLOWEST = "decide"  # the stage that holds the others up: on few cores they give way to it
YIELDING = 5
IDLE_WAIT = 1.0  # seconds a stage waits for the next record
DELIVER_EVERY = 2.0
HOUSEKEEP_EVERY = timedelta(hours=1)
FAULT_PAUSE = 5.0


def start_logging() -> None:
    """Plain lines on stderr: time, part, what. Never the text of a post."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")


def work(house: House, name: str, *, drain: bool = False) -> None:
    """Run one stage until stopped (or, with `drain`, until nothing is left)."""
    start_logging()
    if name != SLOWEST:
        os.nice(YIELDING)
    stop, counter = Stop().install(), house.counter(name)
    stage = make_stage(house, name, counter)
    logger.info("stage %s is ready", name)
    try:
        while not stop:
            done = run_once(stage, house.log, wait=0.0 if drain else IDLE_WAIT, count=counter)
            counter.flush_when_due()
            if drain and not done:
                return
    finally:
        counter.flush()


def deliver_round(house: House, now: datetime, count: Count) -> int:
    """Look at every clock, then send what is due; returns how many alerts were sent."""
    from alerts.decide import tick
    from alerts.deliver import deliver_once

    tick(house.ledger, house.catalog, now)
    return deliver_once(house.ledger, house.archive.get, house.catalog, house.notifier, now, count=count).sent


def keep_delivering(house: House, *, drain: bool = False) -> None:
    start_logging()
    stop, counter, kept = Stop().install(), house.counter("deliver"), house.now() - HOUSEKEEP_EVERY
    try:
        while not stop:
            sent = deliver_round(house, house.now(), counter)
            counter.flush_when_due()
            if sent:
                logger.info("sent %d alerts", sent)
            elif drain:
                return
            if house.now() - kept >= HOUSEKEEP_EVERY:
                kept = house.now()
                keep_house(house, kept)
            stop.wait(0.0 if drain else DELIVER_EVERY)
    finally:
        counter.flush()


def keep_house(house: House, now: datetime) -> None:
    """Hourly: let go of what is older than the retention, and write last week's report if it is not there."""
    from app.exporting import export_missing_week

    trimmed = house.trim_log(now - timedelta(days=house.settings.log.keep_days))
    purged = house.archive.purge(now - timedelta(days=house.settings.archive.keep_days))
    written = export_missing_week(house, now)
    logger.info("kept house: %d records trimmed, %d posts purged, %d files written", trimmed, purged, len(written))


def keep_crawling(house: House, names: Sequence[str], *, once: bool = False) -> int:
    """Crawl the named sources, else all enabled ones; returns how many sources failed (with `once`)."""
    from crawlers.run import crawl_forever, crawl_once

    start_logging()
    sources, stop = house.crawl_sources(names), Stop().install()
    if not sources:
        click.echo(
            "没有启用的来源。请在 configs/sources.yaml 里把来源的 enabled 改为 true，再运行 minsheng check。", err=True
        )
        while not once and not stop:  # stays up, so that the other parts go on and the advice stands in the log
            stop.wait(60)
        return 0
    counter = house.counter("crawl")
    deps = house.crawl_deps(counter)

    def report(result: SourceResult) -> None:
        note_runs(house, [result])
        counter.flush_when_due()

    try:
        if not once:
            crawl_forever(sources, deps, lambda: bool(stop), house.now, report)
            return 0
        results = crawl_once(sources, deps, house.now, stop=lambda: bool(stop))
        note_runs(house, results)
        for result in results:
            click.echo(
                f"{result.source}: 读到 {result.items} 条，新 {result.new} 条{'' if result.ok else '，失败'} {result.reason}"
            )
        return sum(not result.ok for result in results)
    finally:
        counter.flush()


def note_runs(house: House, results: Sequence[SourceResult]) -> None:
    """Keep in the ledger how each visit went."""
    from alerts.ledger import SourceRun

    with house.ledger.begin() as tx:
        for one in results:
            tx.meters.source_run(SourceRun(one.source, one.at, one.ok, one.items, one.new, one.reason))


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
    settings = house.settings.dashboard
    warn_without_users(house)
    arguments = [sys.executable, *dashboard_arguments(settings.host, settings.port)]
    os.execve(sys.executable, arguments, part_environment(env))  # noqa: S606 - our own interpreter


def warn_without_users(house: House) -> None:
    with house.ledger.begin() as tx:
        if not tx.users.all():
            click.echo("还没有看板用户，请先运行: minsheng user add 用户名", err=True)


def all_parts(house: House) -> list[Part]:
    """Every part of the embedded profile."""
    dashboard = house.settings.dashboard
    return [
        *(Part(f"worker-{name}", ("-m", "app.cli", "worker", name)) for name in ("judge", "archive", "decide")),
        Part("deliver", ("-m", "app.cli", "deliver")),
        Part("crawl", ("-m", "app.cli", "crawl")),
        Part("dashboard", dashboard_arguments(dashboard.host, dashboard.port)),
    ]


def run_all(house: House, env: Mapping[str, str]) -> int:
    """Start every part and keep them running until Ctrl-C; returns the exit code."""
    from app.ports import answers, refuse_taken_port

    settings = house.settings.dashboard
    refuse_taken_port(settings.host, settings.port, "看板", "在设置 dashboard.port 里换一个端口")
    stop = Stop().install()
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
