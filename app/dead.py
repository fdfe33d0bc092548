"""`minsheng dead`: what could not be handled, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.stages import SOURCES
from configs.catalog import SHANGHAI
from stream.dead import list_dead, replay
from stream.dead import show_dead as find_dead
from stream.errors import MinshengError

if TYPE_CHECKING:
    from app.wire import House


def print_dead(house: House, stage: str) -> int:
    """Prints a line per letter; returns how many there are."""
    if stage and stage not in SOURCES:
        raise click.UsageError(f"--stage: 没有环节 {stage}，可用: {'、'.join(SOURCES)}")
    letters = [letter for name in ([stage] if stage else SOURCES) for letter in list_dead(house.log, name)]
    for letter in letters:
        died = letter.died_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        click.echo(f"{letter.stage}  {letter.name}  {died}  {letter.error}: {letter.message}")
    if letters:
        click.echo(f"共 {len(letters)} 条。查看: minsheng dead show 名字    修好原因后重做: minsheng dead replay 环节")
    else:
        click.echo("没有死信。")
    return len(letters)


def show_dead(house: House, name: str) -> None:
    letter = next((one for stage in SOURCES for one in list_dead(house.log, stage) if one.name == name), None)
    if letter is None:
        raise MinshengError(f"没有死信 {name}；可用的名字见 minsheng dead list")
    found = find_dead(house.log, letter.stage, name)
    click.echo(f"环节: {found.stage}\n原因: {found.error}: {found.message}\n来处: {found.name}\n键: {found.key}")
    click.echo(f"进入: {found.taken_at.astimezone(SHANGHAI)}\n放弃: {found.died_at.astimezone(SHANGHAI)}\n内容:")
    click.echo(found.value.decode("utf-8", "backslashreplace"))


def replay_dead(house: House, stage: str) -> None:
    click.echo(f"已放回 {replay(house.log, stage)} 条，环节 {stage} 会重新处理。")
