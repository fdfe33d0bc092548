"""The commands about the links by which offices act without an account."""

from __future__ import annotations

import click

from app.cli_groups import house


@click.group()
def links() -> None:
    """办理链接: 列出一个案件发出过的，作废其中一个。"""


@links.command("list")
@click.argument("number", metavar="案件编号")
def links_list(number: str) -> None:
    """列出一个案件发给各单位的办理链接。"""
    from app.links_admin import print_links

    print_links(house(), number)


@links.command("revoke")
@click.argument("said", metavar="链接编号或网址")
@click.option("--reason", required=True, help="理由，如 误转发。")
def links_revoke(said: str, reason: str) -> None:
    """作废一个办理链接，立即生效；同一案件的其他链接照常可用。"""
    from app.links_admin import revoke
    from app.users import operator

    revoke(house(), said, reason, operator())
