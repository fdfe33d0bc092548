"""`minsheng archive`: upkeep of the archive on Elasticsearch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from stream.errors import MinshengError

if TYPE_CHECKING:
    from app.wire import House


def reindex_months(house: House, months: Sequence[str], *, every: bool = False, restart: bool = False) -> None:
    """The named months, or all, or those whose index was made with an older template; oldest first."""
    if not house.distributed:
        raise MinshengError(
            "嵌入式运行的归档是一个文件，没有要重建的索引；此命令用于分布式运行 (MINSHENG_PROFILE=distributed)"
        )
    from stream.archive_elastic import ElasticArchive

    archive = house.archive
    assert isinstance(archive, ElasticArchive)  # noqa: S101 - what the distributed profile is made of
    chosen = sorted(months) or (sorted(archive.months.look()) if every else archive.months.outdated())
    for month in chosen:
        start = time.monotonic()
        posts = archive.reindex(month, restart=restart)
        click.echo(f"{month}: {posts} 条，{time.monotonic() - start:.1f} 秒")
    click.echo(f"共重建 {len(chosen)} 个月。" if chosen else "各月索引都是当前模板，没有要重建的；全部重建请加 --all。")
