"""`minsheng rules`: the rules of alerts, listed, and tried on history."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli_groups import house


@click.group()
def rules() -> None:
    """预警规则: 列出、在历史数据上试算。"""


@rules.command("list")
def rules_list() -> None:
    """列出规则: 种类、分组、条件、是否启用。"""
    from app.rules_list import print_rules

    print_rules(house())


@rules.command("replay")
@click.option("--from", "since", default="", metavar="日期", help="从哪天起 (之前九周用作对照)。")
@click.option("--to", "until", default="", metavar="日期", help="到哪天止 (含)。")
@click.option(
    "--rules",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="试这个规则文件，默认用现行规则。",
)
@click.option(
    "--posts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="用这个热线表格 (xlsx、csv) 或 jsonl，默认用已归档的信息。",
)
@click.option("--json", "as_json", is_flag=True, help="每条预警一行 JSON。")
def rules_replay(since: str, until: str, file: Path | None, posts: Path | None, as_json: bool) -> None:
    """在历史信息上试算规则: 会在何时发出哪些预警。不发送、不保存。"""
    from datetime import timedelta

    from app.cli import day
    from app.rules_list import catalog_with
    from app.rules_replay import print_replay

    begin = day(since, "--from") if since else None
    end = day(until, "--to") + timedelta(days=1) if until else None
    opened = house()
    print_replay(opened, catalog_with(opened, file), posts, begin, end, as_json)
