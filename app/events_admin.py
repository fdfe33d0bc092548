"""What the commands about events do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alerts.merging import merge, split, taught
from app.users import operator
from stream.archive import read_judged
from stream.messages import encode_judged

if TYPE_CHECKING:
    from app.wire import House

BATCH = 256


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
    from crawlers.importer import read_messages

    judging, posts = house.judge(mode="fast"), list(read_messages(table, house.catalog.sheet, "m", house.now()))
    known = [one for start in range(0, len(posts), BATCH) for one in judging(posts[start : start + BATCH])]
    if judged:
        judged.write_bytes(b"".join(encode_judged(one) + b"\n" for one in known))
    using, found = learn(known)
    if keep:
        save(using, found)
    click.echo(told(found))
