"""The commands of the command line that have commands of their own: dead letters, archive, users, models, corrections."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
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


@click.group()
def model() -> None:
    """模型: 列出、启用、退回。"""


@model.command("list")
def model_list() -> None:
    """列出模型: 在用的标 *，及与在用模型比较的结论。"""
    from app.evaluating import list_models

    list_models(house())


@model.command("use")
@click.argument("name")
@click.option("--force", is_flag=True, help="evaluate 认为它变差也启用 (会记录)。")
def model_use(name: str, force: bool) -> None:
    """启用一个模型；运行中的研判进程自动换用。"""
    from app.evaluating import use_model

    use_model(house(), name, force=force)


@model.command("rollback")
def model_rollback() -> None:
    """退回上一个模型。"""
    from app.evaluating import roll_back

    roll_back(house())


@click.group()
def corrections() -> None:
    """人工改正: 导出为训练数据。"""


@corrections.command("export")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="写入的文件，默认写到标准输出。")
def corrections_export(out: Path | None) -> None:
    """导出改正过的信息，每条一行 JSON，与标注数据同一格式。"""
    from app.correcting import export_corrections

    export_corrections(house(), out)


@click.command()
@click.option("--since", default="", metavar="日期", help="只做从这天起发布的。")
@click.option("--until", default="", metavar="日期", help="只做到这天为止 (含) 发布的。")
@click.option("--limit", type=click.IntRange(1), help="至多读这么多条，下次接着做。")
@click.option("--restart", is_flag=True, help="从头再做一遍 (例如改了词表、规则之后)。")
@click.option(
    "--list", "listing", type=click.Path(dir_okay=False, path_type=Path), help="把有变化的信息写成表格 (csv)。"
)
@click.option("--behind", type=click.IntRange(0), help="研判或归档积压超过多少条时让路，默认 500。")
@click.option("--quiet", is_flag=True, help="不显示进度。")
def rejudge(
    since: str, until: str, limit: int | None, restart: bool, listing: Path | None, behind: int | None, quiet: bool
) -> None:
    """用现在的模型重新研判历史信息: 只改检索库，不立案、不发信；可随时停下，再运行接着做。"""
    from app.cli import day, listen

    stop = listen()
    from app.rejudging import MOST_BEHIND, Options, Span, rejudge_alone

    span = Span(day(since, "--since") if since else None, day(until, "--until") + timedelta(days=1) if until else None)
    most = MOST_BEHIND if behind is None else behind
    sys.exit(rejudge_alone(house(), stop, Options(span, limit or 0, restart, quiet, listing, most)))
