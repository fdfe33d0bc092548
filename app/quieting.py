"""`minsheng silence` and `minsheng alerts`: what staff do not want to be sent, and why something was not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from alerts.ledger import AlertFilter, Tx
from alerts.model import Alert
from alerts.silences import Matchers, Silence, end_silence, set_silence, silence_words
from app.users import operator
from configs.catalog import SHANGHAI
from dashboard.silencing import state_of
from dashboard.text import ALERT_KIND, ALERT_STATE, REASON, SEVERITY, stamp
from stream.errors import MinshengError

if TYPE_CHECKING:
    from app.wire import House

LATELY = timedelta(days=7)
_UNITS: Mapping[str, timedelta] = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def silence(
    house: House,
    wanted: Mapping[str, Sequence[str]],
    reason: str,
    lasting: str,
    until: str,
    since: str,
    *,
    grave: bool,
    drop: bool,
) -> None:
    """`wanted`: the names of `Matchers` -> what was asked for; a case may be given by its number."""
    now = house.now()
    start = _instant(since, "--from") if since else now
    end = _instant(until, "--until") if until else start + _span(lasting)
    with house.ledger.begin() as tx:
        made = set_silence(tx, house.catalog, operator(), wanted, reason, now, end, start, grave=grave, drop=drop)
    click.echo(f"已设静默 {made.id}: {_caught(house, made.matchers)}；{stamp(start)} 至 {stamp(end)}")


def print_silences(house: House, *, every: bool) -> None:
    """Those in force and to come; with `every` those that are over too, the newest first."""
    now = house.now()
    with house.ledger.read() as tx:
        found = tx.silences.find() if every else tx.silences.coming(now)
    for one in found:
        click.echo(f"{one.id}  {state_of(one, now)}  {_caught(house, one.matchers)}  {one.author}: {one.reason}")
        click.echo(f"    {stamp(one.starts_at)} 至 {stamp(one.ends_at)}{_how(one)}{_ended(one)}")
    if not found:
        click.echo("没有静默。设一个: minsheng silence add --office 单位 --for 4h --reason 理由")


def end(house: House, name: str, note: str) -> None:
    with house.ledger.begin() as tx:
        end_silence(tx, name, operator(), house.now(), note)
    click.echo(f"静默 {name} 已结束，等着它的预警随即重新处理。")


def print_why(house: House, name: str, office: str, limit: int) -> int:
    """The alert, or those of a case or event, of that name; without one whatever was not sent lately. Returns how many."""
    with house.ledger.read() as tx:
        found = _named(tx, name, limit) if name else _unsent(tx, house.now() - LATELY, office, limit)
    for alert in found:
        _print_alert(house, alert)
    if not found:
        click.echo("近 7 天没有未发出的预警。")
    return len(found)


def _named(tx: Tx, name: str, limit: int) -> list[Alert]:
    if alert := tx.alerts.get(name):
        return [alert]
    case = tx.cases.get(name) or tx.cases.by_number(name)
    found = tx.alerts.find(
        AlertFilter(case_id=case.id, limit=limit) if case else AlertFilter(event_id=name, limit=limit)
    )
    if not found:
        raise MinshengError(f"没有预警、案件或事件 {name}，或它没有预警")
    return found


def _unsent(tx: Tx, since: datetime, office: str, limit: int) -> list[Alert]:
    return tx.alerts.find(AlertFilter(("pending", "muted", "failed"), office=office, since=since, limit=limit))


def _print_alert(house: House, alert: Alert) -> None:
    kind, level = ALERT_KIND.get(alert.kind, alert.kind), SEVERITY[alert.severity]
    click.echo(
        f"{stamp(alert.created_at)}  {ALERT_STATE[alert.state]}  {kind}·{level}  "
        f"{house.catalog.office_name(alert.office)}  {alert.title}"
    )
    click.echo(f"    {alert.id}: {alert.reason}")
    if why := why_words(alert):
        click.echo(f"    {why}")


def why_words(alert: Alert) -> str:
    """Why it was not sent, or came late; until when it waits."""
    if alert.state == "sent":
        late = f"，先前暂缓: {REASON.get(alert.quiet, alert.quiet)}" if alert.quiet else ""
        return f"{stamp(alert.sent_at)} 发出{late}"
    said = [alert.why_not or ("即将发送" if alert.state == "pending" else "没有写明原因")]
    if alert.next_try_at:
        said.append(f"下次处理 {stamp(alert.next_try_at)}")
    if alert.attempts:
        said.append(f"已试 {alert.attempts} 次")
    return "；".join(said)


def _caught(house: House, matchers: Matchers) -> str:
    return silence_words(house.catalog, matchers, ALERT_KIND)


def _how(one: Silence) -> str:
    return ("，不补发" if one.drop else "，到期后补发") + ("，含特别严重的" if one.grave else "")


def _ended(one: Silence) -> str:
    if one.ended_at is None:
        return ""
    return f"；{stamp(one.ended_at)} 由 {one.ended_by} 提前结束{f': {one.ended_why}' if one.ended_why else ''}"


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,4})([mhd])", text.strip().lower())
    if not found:
        raise click.UsageError(f"--for: {text!r} 不是时长，应如 30m、4h、2d (分钟、小时、天)")
    return int(found[1]) * _UNITS[found[2]]


def _instant(text: str, option: str) -> datetime:
    """A moment in Shanghai, as 2026-11-27 08:00."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(f"{option}: {text!r} 不是时间，应如 '2026-11-27 08:00'") from error
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)
