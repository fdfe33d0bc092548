"""`minsheng check`: every problem of the configuration at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from configs.errors import ConfigError
from stream.errors import MinshengError

if TYPE_CHECKING:
    from app.wire import House


def print_check(env: Mapping[str, str], folder: Path | None) -> int:
    """Prints every problem, or a summary when there is none; returns how many there are."""
    from app.wire import open_house

    try:
        house = open_house(env, [folder] if folder else [])
        _ = house.lexicon, house.severity_rules
    except ConfigError as error:
        click.echo(str(error))
        click.echo(f"共 {len(error.problems)} 处问题。")
        return len(error.problems)
    catalog = house.catalog
    bad = [*source_problems(house), *bot_problems(house)]
    for line in bad:
        click.echo(line)
    if bad:
        click.echo(f"共 {len(bad)} 处问题。")
        return len(bad)
    enabled = sum(source.enabled for source in catalog.sources)
    click.echo(
        f"配置正确: 领域 {len(catalog.topics)}、责任单位 {len(catalog.offices)}、预警规则 {len(catalog.rules)}、"
        f"时限 {len(catalog.clocks)}、来源 {len(catalog.sources)} (启用 {enabled})。"
    )
    for place in house.dirs:
        click.echo(f"  目录: {place}")
    return 0


def bot_problems(house: House) -> list[str]:
    """What is wrong with the addresses of group bots; the addresses themselves are secrets."""
    try:
        _ = house.post_office.bots
    except MinshengError as error:
        return [str(error)]
    return []


def source_problems(house: House) -> list[str]:
    """What is wrong with the selectors of the sources, a line each."""
    from crawlers.extract import problems

    return [f"sources.yaml: {why}" for source in house.catalog.sources for why in problems(source)]
