"""`minsheng doctor`: what is wrong with this machine or these settings, and what to do about it."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.doctor_channels import check_chats, check_mail, check_mailbox
from app.finding import Finding
from app.ports import PORTS, answers, is_taken
from configs.errors import ConfigError
from stream.archive import Query
from stream.errors import MinshengError
from stream.messages import RAW

if TYPE_CHECKING:
    from app.wire import House

SPACE_NEEDED = 2 << 30  # bytes
SILENT_AFTER = 6  # visits missed


def print_findings(env: Mapping[str, str]) -> int:
    """Prints what was looked at, a line each; returns how many problems there are."""
    problems = 0
    for finding in examine(env):
        problems += bool(finding.advice)
        click.echo(f"{'✗' if finding.advice else '✓'} {finding.what}")
        if finding.advice:
            click.echo(f"    怎么办: {finding.advice}")
    click.echo(f"发现 {problems} 个问题。" if problems else "一切正常。")
    return problems


def examine(env: Mapping[str, str]) -> Iterator[Finding]:
    from app.wire import open_house

    yield check_python()
    yield check_sqlite()
    try:
        house = open_house(env)
    except ConfigError as error:
        yield Finding(f"配置有 {len(error.problems)} 处问题", "运行 minsheng check 查看逐条说明")
        return
    yield Finding("配置正确")
    yield check_folder(house.data)
    yield check_space(house.data)
    for look in (check_model, check_port, check_mail, check_mailbox, check_chats, check_parts):
        yield from guarded(look, house)
    away = set[str]()
    if house.distributed:
        yield from check_servers(house, away)
    for look, wall in ((check_users, "ledger"), (check_sources, "ledger"), (check_dead, "log"), (check_lag, "log")):
        if wall not in away:  # said once is enough, and each try takes its time
            yield from guarded(look, house)


def guarded(look: Callable[[House], Iterator[Finding]], house: House) -> Iterator[Finding]:
    """A check that cannot be made is a finding, never the end of the examination."""
    try:
        yield from look(house)
    except (MinshengError, OSError, sqlite3.Error) as error:
        yield Finding(f"无法检查 ({look.__name__}): {error}", "先处理上面列出的问题，再运行 minsheng doctor")


def check_python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(f"Python {version}", "" if sys.version_info >= (3, 11) else "安装 Python 3.11 或更新版本")


def check_sqlite() -> Finding:
    with sqlite3.connect(":memory:") as db:
        options = {row[0] for row in db.execute("PRAGMA compile_options")}
    missing = "ENABLE_FTS5" not in options
    return Finding(
        f"SQLite {sqlite3.sqlite_version}", "换用带 FTS5 的 SQLite (发行版自带的 Python 一般都有)" if missing else ""
    )


def check_folder(data: Path) -> Finding:
    try:
        data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data):
            return Finding(f"数据目录可写: {data}")
    except OSError as error:
        return Finding(f"数据目录不可写: {data} ({error.strerror})", "改目录权限，或用环境变量 MINSHENG_DATA 指定别处")


def check_space(data: Path) -> Finding:
    here = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(here).free
    advice = "" if free >= SPACE_NEEDED else "清理磁盘，或缩短 log.keep_days、archive.keep_days"
    return Finding(f"磁盘剩余 {free / (1 << 30):.1f} GB", advice)


def check_model(house: House) -> Iterator[Finding]:
    try:
        folder = house.model_folder()
    except MinshengError as error:
        yield Finding(str(error), "运行 minsheng model rollback，或 minsheng model use shipped 用随附的模型")
        return
    if not folder.is_dir():
        yield Finding(f"没有模型目录 {folder}", "改设置 judge.model，或留空以使用随附的模型")
        return
    yield Finding(f"模型 {house.classifier().name}")


def check_port(house: House) -> Iterator[Finding]:
    settings = house.settings.dashboard
    if answers(settings.host, settings.port):
        yield Finding(f"看板端口 {settings.port} 有程序在应答 (正在运行时属正常)")
    elif is_taken(settings.host, settings.port):
        yield Finding(f"看板端口 {settings.port} 不可用", "换一个端口: 设置 dashboard.port")
    else:
        yield Finding(f"看板端口 {settings.port} 空闲")


def check_parts(house: House) -> Iterator[Finding]:
    """What the parts on this machine say of themselves."""
    monitor = house.settings.monitor
    if not monitor.port:
        return
    ports = range(monitor.port, min(monitor.port + PORTS, 65536))
    reports = [report for port in ports if (report := health(monitor.host, port))]
    if not reports:
        yield Finding(f"监控端口 {monitor.port} 起没有部件在应答 (本机没有运行部件时属正常)")
    for report in reports:
        what, why = f"部件 {report.get('part')}: {report.get('status')}", str(report.get("why") or "")
        advice = "" if report.get("status") == "ok" else why or "超过一分钟没有动静，看它的日志；必要时重启这个部件"
        yield Finding(what, advice)


def health(host: str, port: int) -> dict[str, object]:
    """What /healthz says there; {} where nothing of ours answers."""
    try:
        with closing(HTTPConnection(host, port, timeout=2)) as connection:
            connection.request("GET", "/healthz")
            report = json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError):
        return {}
    return report if isinstance(report, dict) and "part" in report else {}


def check_servers(house: House, away: set[str]) -> Iterator[Finding]:
    """Whether each server of the distributed profile does its work for us; `away` gets the walls that do not."""
    kafka, elastic = house.settings.kafka, house.settings.elastic
    servers: tuple[tuple[str, str, Callable[[], object], str], ...] = (
        ("log", f"Kafka {kafka.servers}", lambda: house.log.lag(RAW, "judge"), "kafka.servers、kafka.security 和账号"),
        ("archive", f"Elasticsearch {plain_urls(elastic.urls)}", lambda: try_archive(house), "elastic.urls 和账号"),
        ("ledger", "PostgreSQL", lambda: try_ledger(house), "ledger.url"),
    )
    for wall, name, act, settings in servers:
        try:
            act()
        except (MinshengError, OSError) as error:
            away.add(wall)
            yield Finding(f"{name} 用不了: {error}", f"看它是否在运行、网络是否通，再核对设置 {settings}")
        else:
            yield Finding(f"{name} 可用")


def plain_urls(urls: str) -> str:
    """Without a login that somebody wrote into them."""
    return ",".join(re.sub(r"//[^/@]*@", "//", url.strip()) for url in urls.split(","))


def try_archive(house: House) -> None:
    house.archive.search(Query(limit=1))


def try_ledger(house: House) -> None:
    with house.ledger.read() as tx:
        tx.meters.source_health()


def check_users(house: House) -> Iterator[Finding]:
    with house.ledger.read() as tx:
        active = [user for user in tx.users.all() if not user.disabled]
    yield Finding(f"看板用户 {len(active)} 个", "" if active else "运行 minsheng user add 用户名")


def check_sources(house: House) -> Iterator[Finding]:
    enabled = [source for source in house.catalog.sources if source.enabled]
    if not enabled:
        yield Finding("没有启用的来源", "在 configs/sources.yaml 里把来源的 enabled 改为 true")
        return
    with house.ledger.read() as tx:
        runs = {run.source: run for run in tx.meters.source_health()}
    for source in enabled:
        run = runs.get(source.key)
        silent = run and house.now() - run.at > SILENT_AFTER * timedelta(minutes=source.every)
        if run is None:
            yield Finding(f"来源 {source.name} 还没有采集过", "运行 minsheng run 或 minsheng crawl")
        elif not run.ok:
            yield Finding(f"来源 {source.name} 采集失败: {run.reason}", "检查网址和 fields 里的选择器")
        elif silent:
            yield Finding(f"来源 {source.name} 久未采集", "检查 minsheng run 是否在运行，日志在 data/logs")
        else:
            yield Finding(f"来源 {source.name} 正常")


def check_dead(house: House) -> Iterator[Finding]:
    from app.stages import SOURCES
    from stream.dead import list_dead

    n = sum(len(list_dead(house.log, stage)) for stage in SOURCES)
    yield Finding(f"死信 {n} 条", "运行 minsheng dead list 查看原因" if n else "")


def check_lag(house: House) -> Iterator[Finding]:
    from app.stages import SOURCES

    for stage, topic in SOURCES.items():
        lag = house.log.lag(topic, stage)
        yield Finding(f"环节 {stage} 积压 {lag} 条", "检查 minsheng run 是否在运行" if lag > 10_000 else "")
