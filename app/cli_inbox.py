"""The command of the `minsheng` command line that reads the answers of offices."""

from __future__ import annotations

import click

from app.cli_groups import house
from app.stopping import Stop


@click.command()
@click.option("--once", is_flag=True, help="读完现有的即退出。")
def inbox(once: bool) -> None:
    """收单位的邮件回复，记入案件 (须设置 imap.host)。"""
    stop = Stop().install()
    from app.inbox import keep_reading

    keep_reading(house(), once=once, stop=stop)
