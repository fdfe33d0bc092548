"""Taking back one link of an office, by what the books call it or by its text; the others stay good."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from alerts.ledger import Tx
from alerts.ledger.office_links import SentLink
from alerts.links import Links, OfficeLink, name_of
from stream.errors import MinshengError


def revoke_link(tx: Tx, link: SentLink, actor: str, now: datetime, reason: str) -> None:
    """Raises MinshengError, in Chinese, without a reason, and when it was revoked before."""
    if not reason.strip():
        raise MinshengError("作废链接须写明理由")
    if not tx.links.revoke(link, actor, now, reason.strip()):
        raise MinshengError(f"链接 {link.id} 已经作废过")
    case = tx.cases.get(link.case_id)
    tx.audit.add(now, actor, "link.revoke", case.number if case else link.case_id, f"{link.id}: {reason.strip()}")


def find_link(tx: Tx, links: Links | None, said: str, now: datetime) -> SentLink:
    """The link that somebody names by its id or pastes, also one that no book knows. Raises MinshengError."""
    if known := tx.links.get(said.strip()):
        return known
    token = parse_qs(urlsplit(said.strip()).query).get("link", [said.strip()])[0]
    link = links.read(token, now) if links else "bad"
    if not isinstance(link, OfficeLink):
        why = "已过期，不必作废" if link == "expired" else "不是本系统发出的链接，也不是已知的链接编号"
        raise MinshengError(f"{why}；用 minsheng links list 案件编号 可列出一个案件的链接")
    return SentLink(name_of(link), link.case_id, link.office, link.made_at)
