"""`minsheng links`: which links of a case were sent to offices, and taking one back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from alerts.moments import moment
from alerts.revoking import find_link, revoke_link
from stream.errors import MinshengError

if TYPE_CHECKING:
    from alerts.ledger.office_links import SentLink
    from app.wire import House


def print_links(house: House, number: str) -> None:
    with house.ledger.read() as tx:
        case = tx.cases.by_number(number.strip()) or tx.cases.get(number.strip())
        found = tx.links.of_case(case.id) if case else []
    if case is None:
        raise MinshengError(f"没有编号为“{number}”的案件")
    for link in found:
        click.echo(f"{link.id}  {moment(link.made_at)}  {house.catalog.office_name(link.office)}  {_state(link)}")
    if not found:
        click.echo("这个案件没有发出过办理链接。")


def revoke(house: House, said: str, reason: str, actor: str) -> None:
    now = house.now()
    with house.ledger.begin() as tx:
        link = find_link(tx, house.post_office.links, said, now)
        revoke_link(tx, link, actor, now, reason)
    click.echo(
        f"链接 {link.id} 已作废 ({house.catalog.office_name(link.office)}，{moment(link.made_at)} 发出)；其他链接不受影响。"
    )


def _state(link: SentLink) -> str:
    if link.revoked_at is None:
        return "有效期内可用"
    return f"{moment(link.revoked_at)} 由 {link.revoked_by} 作废: {link.reason}"
