"""What the commands about events do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alerts.merging import merge, split, taught
from app.users import operator
from configs.catalog import SHANGHAI
from stream.archive import read_judged
from stream.errors import MinshengError
from stream.messages import Post, encode_judged

if TYPE_CHECKING:
    from app.wire import House

BATCH = 256
COLUMNS = ("留言编号", "留言主题", "留言时间", "留言详情")
FORMS = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M:%S")


def merge_events(house: House, kept: str, gone: str, reason: str) -> None:
    event = merge(house.ledger, house.archive, kept, gone, operator(), reason, house.now())
    click.echo(f"已归并为事件 {event.id}: {event.title}，共 {event.posts} 条信息。")


def split_event(house: House, name: str, posts: Sequence[str], reason: str) -> None:
    event = split(house.ledger, house.archive, name, posts, operator(), reason, house.now())
    click.echo(f"已拆出事件 {event.id}: {event.title}，共 {event.posts} 条信息。")


def export_taught(house: House, out: Path) -> None:
    """judged.jsonl and events.tsv, as `alerts.grouping_train` reads them; posts past their retention are left out."""
    with house.ledger.read() as tx:
        labels = taught(tx)
    found = sorted(
        read_judged(house.archive, sorted(labels)).values(), key=lambda one: (one.post.published_at, one.post.id)
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / "judged.jsonl").write_bytes(b"".join(encode_judged(one) + b"\n" for one in found))
    rows = "".join(f"{one.post.id}\t{labels[one.post.id]}\n" for one in found)
    (out / "events.tsv").write_text(f"id\tevent\n{rows}", "utf-8")
    with house.ledger.begin() as tx:
        tx.audit.add(house.now(), operator(), "export.events", str(out), f"{len(found)} 条")
    click.echo(f"已导出 {len(found)} 条信息到 {out}（内有原文，请按内部资料保管）")


def learn_forecasts(house: House, table: Path, judged: Path | None, *, keep: bool) -> None:
    from alerts.predict_train import learn, save, told

    judging, posts = house.judge(mode="fast"), list(read_messages(table))
    known = [one for start in range(0, len(posts), BATCH) for one in judging(posts[start : start + BATCH])]
    if judged:
        judged.write_bytes(b"".join(encode_judged(one) + b"\n" for one in known))
    using, found = learn(known)
    if keep:
        save(using, found)
    click.echo(told(found))


def read_messages(table: Path) -> Iterator[Post]:
    """The rows of a table of dated messages. Raises MinshengError for a table without the columns or a bad time."""
    import openpyxl

    rows = openpyxl.load_workbook(table, read_only=True).worksheets[0].iter_rows(values_only=True)
    head = [str(one) for one in next(rows, ())]
    if missing := [name for name in COLUMNS if name not in head]:
        raise MinshengError(f"{table}: 缺少列 {'、'.join(missing)}，应有 {'、'.join(COLUMNS)}")
    places = [head.index(name) for name in COLUMNS]
    for number, row in enumerate(rows, 2):
        name, title, when, text = (row[place] for place in places)
        at = _time(when, f"{table} 第 {number} 行")
        yield Post(f"m-{name}", "message", "message", f"{title or ''}", f"{text or ''}", at, at)


def _time(value: Any, where: str) -> datetime:
    for form in FORMS:
        try:
            at = value if isinstance(value, datetime) else datetime.strptime(f"{value}".strip(), form)  # noqa: DTZ007
        except ValueError:
            continue
        return at.replace(tzinfo=SHANGHAI).astimezone(UTC)
    raise MinshengError(f"{where}: 时间 {value!r} 无法识别，应如 2019/3/5 14:20")
