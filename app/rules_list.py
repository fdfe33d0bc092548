"""The rules as staff read them, and a catalogue with the rules of another file."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from configs.catalog import Catalog, Rule
from configs.loader import load_catalog

if TYPE_CHECKING:
    from app.wire import House

BY = {"topic": "领域", "county": "区县", "source": "来源", "severity": "严重程度"}
KIND = {"grave": "单条严重", "threshold": "累计条数", "growth": "快速增长"}
OF_CASES = (
    ("reopened", "办结后又有反映时"),
    ("due_soon", "clocks.yaml: due_soon_hours"),
    ("overdue", "clocks.yaml: follow_up"),
)


def print_rules(house: House) -> None:
    for rule in house.catalog.rules:
        click.echo(f"{'启用' if rule.enabled else '停用'}  {rule.key}  {kind_name(rule)}  {rule.name}")
        click.echo(f"      {terms_of(rule)}")
    from alerts.notify.words import KIND as ALERT

    for key, where in OF_CASES:
        click.echo(f"案件  {key}  {ALERT[key]}  ({where}；何时不发见 quiet.yaml)")


def kind_name(rule: Rule) -> str:
    from alerts.notify.words import KIND as ALERT

    return KIND.get(rule.kind) or ALERT[rule.kind]


def terms_of(rule: Rule) -> str:
    """窗口 24 小时; 至少 5 条; 按 领域、区县 分组; 对照过去 8 周; 界限 3 个偏差."""
    if rule.kind == "grave":
        return f"单条严重程度不低于 {rule.severity} 级"
    parts = [f"窗口 {rule.window_hours:g} 小时", f"至少 {rule.posts} 条"]
    if rule.kind == "growth":
        parts.append(f"为此前的 {rule.factor:g} 倍")
    if rule.by:
        parts.append(f"按 {'、'.join(BY[name] for name in rule.by)} 分组")
    if rule.kind in ("spike", "sentiment", "new_term", "source_silent"):
        parts.append(f"对照过去 {rule.weeks} 周")
    if rule.kind in ("spike", "sentiment"):
        parts.append(f"界限 {rule.deviations:g} 个偏差")
    if rule.kind == "spike" and rule.alike > 1:
        parts.append(f"至少 {rule.alike} 条反映同一件事")
    return "；".join(parts)


def catalog_with(house: House, rules: Path | None) -> Catalog:
    """The catalogue with the rules of that file in place of its own. Raises ConfigError with file, line and reason."""
    if rules is None:
        return house.catalog
    with tempfile.TemporaryDirectory(prefix="minsheng-rules-") as folder:
        shutil.copyfile(rules, Path(folder) / "rules.yaml")
        return load_catalog((*house.dirs, Path(folder)))
