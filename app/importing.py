"""`minsheng import`: spreadsheets into the flow, with a report of every row that needs a look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import click

from app.stages import SOURCES, make_stage
from app.stopping import never
from configs.catalog import region_within
from crawlers.deps import to_log
from crawlers.importer import BadRow, Duplicate, ImportReport, import_file, is_history
from crawlers.posts import digest
from stream.archive import Query
from stream.errors import MinshengError
from stream.messages import Kind, Post
from stream.worker import Count, ignore, run_once

if TYPE_CHECKING:
    from app.stopping import Stop
    from app.wire import House

LISTED = 20  # rows of a list that are shown; the rest is counted
SAME = {"row": "整行重复", "content": "内容相同", "number": "编号相同、内容不同"}


T = TypeVar("T")
Asked = Callable[[], bool]


class Insist(Protocol):
    """Does it, if need be again and again."""

    def __call__(self, act: Callable[[], T], /) -> T: ...


def at_once(act: Callable[[], T]) -> T:
    return act()


@dataclass(frozen=True)
class Tools:
    """How to count, how to do what needs a server, and who knows whether to stop."""

    count: Count = ignore
    insist: Insist = at_once
    asked: Asked = never


def import_alone(
    house: House,
    stop: Stop,
    files: Sequence[Path],
    source: str,
    kind: str,
    mapping: Sequence[str],
    region: str,
    live: bool,
) -> int | None:
    """`import_files` in a process of its own, which waits for servers; None when it was stopped before the end."""
    from app.process import Process

    with Process(house, "import", stop) as process:
        tools = Tools(process.counter, process.insist, process.asked)
        try:
            return import_files(house, files, source, kind, mapping, region, live, tools)
        except Interrupted as error:
            click.echo(f"\n{error}", err=True)
    return None


def import_files(
    house: House,
    files: Sequence[Path],
    source: str,
    kind: str,
    mapping: Sequence[str],
    region: str,
    live: bool,
    tools: Tools | None = None,
) -> int:
    """Import each file and take the posts through the flow; returns the exit code (1: some rows were bad).

    Raises Interrupted, between two batches, when asked to stop; what was read until then is in, and importing again
    brings the rest.
    """
    tools = tools or Tools()
    insist = tools.insist
    overrides = read_mapping(mapping)
    if region and not any(region_within(code, region) for code in house.catalog.region_names):
        raise click.UsageError(f"--region: 没有地区代码 {region}，代码见 configs/regions.yaml")
    from app.users import operator
    from classify.pii import mask_post

    def publish(posts: Sequence[Post]) -> None:
        insist(lambda: to_log(house.log)(posts))
        refuse_if(tools.asked)

    reports = []
    for path in files:
        report = import_file(
            path,
            house.catalog.sheet,
            source,
            cast("Kind", kind),
            publish=publish,
            prepare=mask_post,
            pseudonym=house.pseudonym,
            now=house.now(),
            known=lambda ids: insist(lambda: known_digests(house, ids)),
            is_backfill=is_history if live else lambda published_at, now: True,
            overrides=overrides,
            region=region,
        )
        show(report, click.echo)
        reports.append(report)
        entry = ("import", path.name, f"{report.imported}/{report.rows}")
        insist(partial(note, house, operator(), *entry))
        if not house.distributed:
            drain(house, tools)  # before the next file, so that what this one brought is known
    rows, imported = sum(report.rows for report in reports), sum(report.imported for report in reports)
    click.echo(f"\n合计 {len(reports)} 个文件 {rows} 行，新导入 {imported} 条。")
    if house.distributed:
        click.echo("信息已写入 Kafka，由各处理环节 (minsheng worker judge、archive、decide) 接着处理。")
    return 1 if any(report.bad for report in reports) else 0


class Interrupted(MinshengError):
    """Asked to stop before all was imported."""


def refuse_if(asked: Asked) -> None:
    if asked():
        raise Interrupted("导入被中止: 已写入的信息不会丢，再次导入同样的文件会补上其余的。")


def note(house: House, actor: str, what: str, target: str, detail: str) -> None:
    with house.ledger.begin() as tx:
        tx.audit.add(house.now(), actor, what, target, detail)


def read_mapping(pairs: Sequence[str]) -> Mapping[str, str]:
    overrides = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not equals or not name or not column:
            raise click.UsageError(f"--map: {pair!r} 应写成 字段=列名，例如 text=诉求内容")
        overrides[name.strip()] = column.strip()
    return overrides


def known_digests(house: House, ids: Sequence[str]) -> Mapping[str, str]:
    """Post id -> digest of those already archived."""
    page = house.archive.search(Query(ids=tuple(ids), set_aside=None, limit=max(1, len(ids))))
    return {hit.judged.post.id: digest(hit.judged.post) for hit in page.hits}


def drain(house: House, tools: Tools) -> None:
    """Take what waits in the log through all stages, with a progress bar."""
    for name, label in zip(SOURCES, ("研判", "归档", "归并"), strict=True):
        waiting = house.log.lag(SOURCES[name], name)
        if not waiting:
            continue
        stage = tools.insist(partial(make_stage, house, name, tools.count))
        with click.progressbar(length=waiting, label=label) as bar:
            while done := tools.insist(partial(run_once, stage, house.log, count=tools.count)):
                bar.update(done)
                refuse_if(tools.asked)


def show(report: ImportReport, say: Callable[[str], object]) -> None:
    say(f"\n{report.file} (编码 {report.encoding})")
    say("  列对应: " + "，".join(f"{field} ← {header}" for field, header in report.mapping.items()))
    if report.unused:
        say("  未使用的列: " + "、".join(report.unused))
    if report.skipped_sheets:
        say("  没有认出表头而跳过的工作表: " + "、".join(report.skipped_sheets))
    say(
        f"  共 {report.rows} 行: 导入 {report.imported}，更新 {report.updated}，已有 {report.already_known}，"
        f"整行重复 {report.repeated}，有误 {len(report.bad)}"
    )
    _list(say, "重复", [_duplicate(one) for one in report.duplicates])
    _list(say, "有误 (未导入)", [_bad(one) for one in report.bad])
    _list(say, "说明 (已导入，该格未用)", [_bad(one) for one in report.notes])


def _list(say: Callable[[str], object], title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    say(f"  {title} {len(lines)} 处:")
    for line in lines[:LISTED]:
        say(f"    {line}")
    if len(lines) > LISTED:
        say(f"    …… 其余 {len(lines) - LISTED} 处从略")


def _duplicate(one: Duplicate) -> str:
    sheet = f"{one.sheet} " if one.sheet else ""
    return f"{sheet}第 {one.row} 行与第 {one.of_row} 行{SAME[one.same]}"


def _bad(one: BadRow) -> str:
    from classify.pii import mask

    sheet = f"{one.sheet} " if one.sheet else ""
    return f"{sheet}第 {one.row} 行 {one.column}: {mask(one.value)!r} {mask(one.reason)}"
