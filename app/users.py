"""`minsheng user`: who may log in to the dashboard."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Literal, cast

import click

if TYPE_CHECKING:
    from app.wire import House

Role = Literal["duty", "admin"]


def add_user(house: House, name: str, display: str, role: str, password: str) -> None:
    now = house.now()
    with house.ledger.begin() as tx:
        tx.users.add(name, display or name, password, cast("Role", role), now)
        tx.audit.add(now, operator(), "user.add", name, role)
    click.echo(f"已新增用户 {name}。")


def change_password(house: House, name: str, password: str) -> None:
    with house.ledger.begin() as tx:
        tx.users.set_password(name, password)
        tx.audit.add(house.now(), operator(), "user.passwd", name)
    click.echo(f"已修改 {name} 的密码。")


def disable_user(house: House, name: str) -> None:
    with house.ledger.begin() as tx:
        tx.users.disable(name)
        tx.audit.add(house.now(), operator(), "user.disable", name)
    click.echo(f"已停用 {name}。")


def print_users(house: House) -> None:
    with house.ledger.begin() as tx:
        users = tx.users.all()
    for user in users:
        click.echo(f"{user.name}  {user.display_name}  {user.role}{'  已停用' if user.disabled else ''}")
    if not users:
        click.echo("还没有用户。新增: minsheng user add 用户名")


def operator() -> str:
    """Who runs the command line, for the audit."""
    try:
        return f"cli:{getpass.getuser()}"
    except OSError:  # a uid without a name, as in a container
        return "cli"
