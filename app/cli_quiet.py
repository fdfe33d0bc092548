"""The commands about what is not sent: silences, and why an alert waits or was muted."""

from __future__ import annotations

import click

from app.cli_groups import house


@click.group()
def silence() -> None:
    """静默: 一段时间内不发某些预警 (写明理由和期限)。"""


@silence.command("add")
@click.option("--office", multiple=True, help="单位，如 renshe (含下设机构) 或 renshe@330109；以下各项均可重复。")
@click.option("--event", multiple=True, help="事件编号。")
@click.option("--case", "case_", multiple=True, help="案件编号。")
@click.option("--topic", multiple=True, help="事项，如 wages。")
@click.option("--region", multiple=True, help="地区代码，市含其区县。")
@click.option("--kind", multiple=True, help="预警种类，如 growth。")
@click.option("--rule", multiple=True, help="预警规则 (rules.yaml 的键名)。")
@click.option("--for", "lasting", default="4h", show_default=True, metavar="时长", help="多久: 30m、4h、2d。")
@click.option("--until", default="", metavar="时间", help="到何时，如 '2026-11-27 08:00'；优先于 --for。")
@click.option("--from", "since", default="", metavar="时间", help="从何时起，默认现在。")
@click.option("--reason", required=True, help="理由。")
@click.option("--grave", is_flag=True, help="连特别严重的也静默；默认照发。")
@click.option("--drop", is_flag=True, help="到期后也不补发；默认到期后仍需要的补发。")
def silence_add(
    office: tuple[str, ...],
    event: tuple[str, ...],
    case_: tuple[str, ...],
    topic: tuple[str, ...],
    region: tuple[str, ...],
    kind: tuple[str, ...],
    rule: tuple[str, ...],
    lasting: str,
    until: str,
    since: str,
    reason: str,
    grave: bool,
    drop: bool,
) -> None:
    """设静默: 所列各项须全部符合，每项之内符合一个即可。"""
    from app.quieting import silence as make

    wanted = {"offices": office, "events": event, "cases": case_, "topics": topic}
    wanted |= {"regions": region, "kinds": kind, "rules": rule}
    make(house(), wanted, reason, lasting, until, since, grave=grave, drop=drop)


@silence.command("list")
@click.option("--all", "every", is_flag=True, help="也列出已结束的。")
def silence_list(every: bool) -> None:
    """列出生效中和将要生效的静默。"""
    from app.quieting import print_silences

    print_silences(house(), every=every)


@silence.command("expire")
@click.argument("name")
@click.option("--reason", default="", help="理由。")
def silence_expire(name: str, reason: str) -> None:
    """提前结束一个静默。"""
    from app.quieting import end

    end(house(), name, reason)


@click.group()
def alerts() -> None:
    """预警: 为什么没有发、等到何时。"""


@alerts.command("why")
@click.argument("name", default="")
@click.option("--office", default="", help="只看一个单位。")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def alerts_why(name: str, office: str, limit: int) -> None:
    """一条预警、一个案件或事件的预警的下落；不给名字则列出近 7 天未发出的。"""
    from app.quieting import print_why

    print_why(house(), name, office, limit)
