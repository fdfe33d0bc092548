"""`minsheng backup`: what cannot be had again, in one file, while everything runs.

All parts are of one moment: while they are frozen, nobody publishes or commits in the log. So every crawl cursor in the
ledger has its posts in the log, and what the log counts as handled is in the archive and in the ledger. (Each process
writes the one before it writes the other, and both times something in the log moves.)
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app import VERSION
from app.attached import attached, pack
from app.bundle import Manifest, Source, write_bundle
from configs.catalog import SHANGHAI
from stream.sqlite_copy import FrozenFile, held_still

if TYPE_CHECKING:
    from app.wire import House

NOTE = """Kafka 和 Elasticsearch 不在这个文件里: 请给 Kafka 的主题设多个副本，给 Elasticsearch 做它自己的快照 (snapshot)。
检索库万一丢失，可由保留期内的 posts.judged 重新归档，研判结果可由 posts.raw 重新研判。
单位附件在里面的，是本机数据目录 attachments 中的；该目录须由看板和收信的主机共用。
配置文件夹和其他主机上的 secret.key (各采集主机须相同) 请另行保存。"""
WITHOUT = "不含: 发件箱 outbox、导出 exports、模型 models、日志 logs、配置文件夹；请另行保存需要的。"


def back_up(house: House, file: Path, env: Mapping[str, str]) -> None:
    """Raises MinshengError when there is nothing to back up or the file cannot be made."""
    with frozen(house, env) as sources:
        manifest = write_bundle(file, sources, VERSION, house.now())
    click.echo(f"已备份到 {file} ({file.stat().st_size / 1e6:.1f} MB，仅本用户可读)")
    print_contents(manifest)
    click.echo(NOTE if house.distributed else WITHOUT)


def print_contents(manifest: Manifest) -> None:
    click.echo(f"时刻 {manifest.made_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}，程序版本 {manifest.program}")
    for one in manifest.contents:
        rows = "，".join(f"{table} {n}" for table, n in one.counts.items() if table != "alembic_version")
        click.echo(f"  {one.part}: {one.size / 1e6:.1f} MB{f'，{rows}' if rows else ''}")


@contextmanager
def frozen(house: House, env: Mapping[str, str]) -> Iterator[list[Source]]:
    """Every part as it is now, for as long as the block lasts."""
    from alerts.ledger.copies import freeze, kind_of

    log, url = house.log_file, house.ledger_url
    with ExitStack() as stack:
        with nullcontext() if house.distributed or not log.is_file() else held_still(log):
            ledger = stack.enter_context(closing(freeze(url, env)))
            files = [] if house.distributed else list(_files(house, stack))
        yield [
            Source("ledger", kind_of(url), ledger.version(), ledger.counts(), ledger.copy),
            *files,
            *_key(house.secret_file),
            *_attached(house.post_office.attachments),
        ]


def _files(house: House, stack: ExitStack) -> Iterator[Source]:
    if house.log_file.is_file():
        log = stack.enter_context(closing(FrozenFile(house.log_file, ("topic", "record", "position"))))
        yield Source("log", "sqlite", log.version(), log.counts(), log.copy)
    if house.archive_file.is_file():
        archive = stack.enter_context(closing(FrozenFile(house.archive_file, ("post",))))
        yield Source("archive", "sqlite", archive.version(), archive.counts(), archive.copy)


def _key(path: Path) -> Iterator[Source]:
    """The key of the pseudonyms; an installation that never crawled has none."""
    if path.is_file():
        yield Source("secret", "key", "", {}, lambda to: _copy_key(path, to))


def _attached(folder: Path) -> Iterator[Source]:
    files = attached(folder)
    if files:
        yield Source("attachments", "files", "", {"files": len(files)}, lambda to: pack(files, to))


def _copy_key(path: Path, to: Path) -> None:
    with open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(path.read_bytes())
