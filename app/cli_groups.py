"""The commands of the command line that have commands of their own: dead letters, archive, users."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from app.wire import House

BAD = 1  # exit code: done, but something was bad (lines, rows, findings)


def house() -> House:
    from app.wire import open_house

    return open_house(os.environ)


@click.group()
def dead() -> None:
    """死信: 处理不了而被放到一边的记录。"""


@dead.command("list")
@click.option("--stage", default="", help="只看一个环节: judge、archive、decide。")
def dead_list(stage: str) -> None:
    """列出死信。"""
    from app.dead import print_dead

    sys.exit(BAD if print_dead(house(), stage) else 0)


@dead.command("show")
@click.argument("name")
def dead_show(name: str) -> None:
    """显示一条死信的来历和内容 (名字见 dead list)。"""
    from app.dead import show_dead

    show_dead(house(), name)


@dead.command("replay")
@click.argument("stage", type=click.Choice(["judge", "archive", "decide"]))
def dead_replay(stage: str) -> None:
    """把一个环节的死信放回去重做。"""
    from app.dead import replay_dead

    replay_dead(house(), stage)


@click.group()
def archive() -> None:
    """归档: 升级后重建索引 (分布式)。"""


@archive.command("reindex")
@click.option("--month", multiple=True, metavar="月份", help="只重建这个月，如 2026.11；可重复。")
@click.option("--all", "every", is_flag=True, help="重建所有月份；默认只重建索引模板已过时的。")
@click.option("--restart", is_flag=True, help="丢掉上次没有做完的，重新开始。")
def archive_reindex(month: tuple[str, ...], every: bool, restart: bool) -> None:
    """逐月重建索引，其间照常检索和写入。"""
    from app.archive_admin import reindex_months

    reindex_months(house(), month, every=every, restart=restart)


@click.group()
def user() -> None:
    """看板用户: 新增、改密、停用、列出。"""


@user.command("add")
@click.argument("name")
@click.option("--display", default="", help="显示的姓名。")
@click.option("--role", type=click.Choice(["duty", "admin"]), default="duty", show_default=True)
@click.password_option("--password", prompt="密码", confirmation_prompt="再输一次", help="不给则询问。")
def user_add(name: str, display: str, role: str, password: str) -> None:
    """新增用户。"""
    from app.users import add_user

    add_user(house(), name, display, role, password)


@user.command("passwd")
@click.argument("name")
@click.password_option("--password", prompt="新密码", confirmation_prompt="再输一次", help="不给则询问。")
def user_passwd(name: str, password: str) -> None:
    """改密码。"""
    from app.users import change_password

    change_password(house(), name, password)


@user.command("disable")
@click.argument("name")
def user_disable(name: str) -> None:
    """停用用户。"""
    from app.users import disable_user

    disable_user(house(), name)


@user.command("list")
def user_list() -> None:
    """列出用户。"""
    from app.users import print_users

    print_users(house())
