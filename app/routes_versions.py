"""The dispatch tree's versions as text, and rules drawn from what staff chose instead."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import click
import yaml

from alerts.dispatch_rules import Suggestion, suggestions
from alerts.ledger.routings import RouteVersion
from alerts.moments import moment
from app.wire import House
from configs.catalog import Catalog
from stream.errors import MinshengError

CURRENT = "现行"


def print_versions(house: House) -> None:
    found = _versions(house)
    for one in found:
        mark = f"  {CURRENT}" if one.version == house.catalog.routes_version else ""
        click.echo(f"{one.version}  {moment(one.first_used_at)} 起  {one.author or '未注明'}  案件 {one.cases}{mark}")
    if house.catalog.routes_version not in {one.version for one in found}:
        click.echo(f"{house.catalog.routes_version}  尚未用于派单  {CURRENT}")


def print_version(house: House, version: str) -> None:
    click.echo(_yaml(_tree(house, version)), nl=False)


def print_diff(house: House, old: str, new: str) -> None:
    before, after = (_yaml(_tree(house, one)).splitlines(keepends=True) for one in (old, new))
    changes = list(difflib.unified_diff(before, after, old, new or CURRENT))
    click.echo("".join(changes) or "两个版本相同。\n", nl=False)


def print_suggestions(house: House, at_least: int, days: int) -> None:
    with house.ledger.read() as tx:
        moved = tx.routings.overrides(house.now() - timedelta(days=days))
    found = suggestions(moved, at_least)
    if not found:
        click.echo(f"近 {days} 天没有 {at_least} 次以上的同类改派 (改派共 {len(moved)} 件)。", err=True)
        return
    click.echo(
        "# 贴在 configs/routes.yaml 根节点 routes 的最前面 (先于其余规则)，改好名称和依据后运行 minsheng check。"
    )
    for one in found:
        click.echo(suggestion_text(house.catalog, one), nl=False)


def suggestion_text(catalog: Catalog, one: Suggestion) -> str:
    """The rule as YAML with the cases that it rests on."""
    sent, office = catalog.office_name(one.sent), catalog.office_name(one.office)
    topic = catalog.topic.get(one.topic)
    cases = "".join(f"  #   {case.number} {case.actor}: {' '.join(case.note.split())}\n" for case in one.cases)
    match: dict[str, Any] = {"topics": [one.topic]}
    if one.hint in catalog.office:
        match["offices"] = [one.hint]
    if one.region:
        match["regions"] = [one.region]
    if one.words:
        match["words"] = list(one.words)
    rule = {
        "key": one.key,
        "name": f"{topic.name if topic else one.topic}: 由{office}主办 (据 {len(one.cases)} 次改派)",
        "match": match,
        "lead": one.office,
        "helps": [one.sent],
        "source": f"值班人员改派 {len(one.cases)} 次",
    }
    listed = "".join(f"  {line}\n" for line in _yaml([rule]).splitlines())
    return f"  # 原派{sent}，改派{office} {len(one.cases)} 次:\n{cases}{listed}"


def _versions(house: House) -> list[RouteVersion]:
    with house.ledger.read() as tx:
        return tx.routings.versions()


def _tree(house: House, version: str) -> Any:
    if not version or house.catalog.routes_version.startswith(version):
        return json.loads(house.catalog.routes_text)
    found = [one for one in _versions(house) if one.version.startswith(version)]
    if len(found) != 1:
        raise MinshengError(f"版本 {version}: {_why_not(found)}，可用 minsheng routes versions 查看")
    return json.loads(found[0].tree)


def _why_not(found: Sequence[RouteVersion]) -> str:
    return "没有这个版本" if not found else f"有 {len(found)} 个版本以此开头，请多写几位"


def _yaml(value: Any) -> str:
    text: str = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=110)
    return text
