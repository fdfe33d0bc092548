"""`minsheng check`: every problem of the configuration at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from configs.errors import ConfigError


def print_check(env: Mapping[str, str], folder: Path | None) -> int:
    """Prints every problem, or a summary when there is none; returns how many there are."""
    from app.wire import open_house

    try:
        house = open_house(env, [folder] if folder else [])
    except ConfigError as error:
        click.echo(str(error))
        click.echo(f"共 {len(error.problems)} 处问题。")
        return len(error.problems)
    catalog = house.catalog
    enabled = sum(source.enabled for source in catalog.sources)
    click.echo(
        f"配置正确: 领域 {len(catalog.topics)}、责任单位 {len(catalog.offices)}、预警规则 {len(catalog.rules)}、"
        f"时限 {len(catalog.clocks)}、来源 {len(catalog.sources)} (启用 {enabled})。"
    )
    for place in house.dirs:
        click.echo(f"  目录: {place}")
    return 0
