"""`minsheng route` and `minsheng routes`: the dispatch of single posts, and the tree's versions."""

from __future__ import annotations

import sys

import click

from app.cli_groups import BAD, house


@click.command()
@click.option("--model", metavar="fast|transformer|cascade|目录", help="研判用的模型，同 judge。")
def route(model: str | None) -> None:
    """派单: 标准输入 posts.jsonl，标准输出每条的主办、协办、不得转给的单位、时限、依据和理由。"""
    from app.filters import run_filter
    from app.models import judging_by
    from app.routing import routing
    from app.wire import wall_clock

    its = house()
    bad = run_filter(routing(its.catalog, judging_by(its, model)), wall_clock())
    sys.exit(BAD if bad else 0)


@click.group()
def routes() -> None:
    """派单规则: 各版本、差别，由人工改派得出的新规则。"""


@routes.command("versions")
def versions() -> None:
    """列出用过的版本: 首次使用时间、使用人、案件数。"""
    from app.routes_versions import print_versions

    print_versions(house())


@routes.command("show")
@click.argument("version", default="")
def show(version: str) -> None:
    """显示一个版本 (默认现行的；版本号可只写前几位)。"""
    from app.routes_versions import print_version

    print_version(house(), version)


@routes.command("diff")
@click.argument("old")
@click.argument("new", default="")
def diff(old: str, new: str) -> None:
    """比较两个版本 (后一个默认现行的)。"""
    from app.routes_versions import print_diff

    print_diff(house(), old, new)


@routes.command("suggest")
@click.option("--at-least", type=click.IntRange(1), default=3, show_default=True, help="同类改派至少几次才提出。")
@click.option("--days", type=click.IntRange(1), default=365, show_default=True, help="看最近多少天的改派。")
def suggest(at_least: int, days: int) -> None:
    """把人工多次同样改派的事项写成规则 (YAML)，供贴进 routes.yaml。"""
    from app.routes_versions import print_suggestions

    print_suggestions(house(), at_least, days)
