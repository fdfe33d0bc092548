"""The commands about events: what staff merge and split, what grouping and forecasts learn from."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli_groups import house


@click.group()
def event() -> None:
    """事件: 归并、拆分、导出人工归并记录、重学增长预测。"""


@event.command("merge")
@click.argument("kept")
@click.argument("gone")
@click.option("--reason", required=True, help="理由。")
def event_merge(kept: str, gone: str, reason: str) -> None:
    """把事件 GONE 并入事件 KEPT (只有一方已立案时，并入已立案的)。"""
    from app.events_admin import merge_events

    merge_events(house(), kept, gone, reason)


@event.command("split")
@click.argument("name", metavar="事件")
@click.argument("posts", nargs=-1, required=True, metavar="信息...")
@click.option("--reason", required=True, help="理由。")
def event_split(name: str, posts: tuple[str, ...], reason: str) -> None:
    """把几条信息从事件中拆出，成为另一事件。"""
    from app.events_admin import split_event

    split_event(house(), name, posts, reason)


@event.command("export")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="写入的目录。")
def event_export(out: Path) -> None:
    """导出人工归并、拆分过的事件，供 python -m alerts.grouping_train 学习。"""
    from app.events_admin import export_taught

    export_taught(house(), out)


@event.command("learn")
@click.option(
    "--data", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="有时间的留言 (xlsx)。"
)
@click.option("--judged", type=click.Path(dir_okay=False, path_type=Path), help="另存研判结果 (jsonl)。")
@click.option("--keep", is_flag=True, help="写入新的权重；默认只算成绩。")
def event_learn(data: Path, judged: Path | None, keep: bool) -> None:
    """用历史留言按时间先后检验增长预测。"""
    from app.events_admin import learn_forecasts

    learn_forecasts(house(), data, judged, keep=keep)
