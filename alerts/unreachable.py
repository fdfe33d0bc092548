"""An office that no notice reaches: whoever stands above it is told, once a day, and so is the staff on duty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.ledger import AlertFilter, Ledger, Tx
from alerts.ledger.alerts import MAIL
from alerts.ledger.replies import DutyItem
from alerts.model import Alert
from alerts.notify.address import office_superior
from alerts.notify.words import UNREACHABLE_REASON, UNREACHABLE_TITLE
from configs.catalog import SHANGHAI, Catalog

LOOK_BACK = timedelta(days=2)
LONG = 8  # tries, some three hours: an office that long out of reach must not wait for the mail server to mend itself
LOOKED_AT = 500


def tell_unreachable(ledger: Ledger, catalog: Catalog, now: datetime) -> int:
    """Look for notices that failed for good or have failed for hours; returns how many offices were newly told of."""
    with ledger.begin() as tx:
        lost = _lost(tx, now)
        if not lost:
            return 0
        together: dict[str, list[Alert]] = {}
        for alert in lost:
            together.setdefault(alert.office, []).append(alert)
        tx.replies.add_items([_item(catalog, office, alerts, now) for office, alerts in together.items()])
        return tx.alerts.add(
            [alert for office, lost in together.items() for alert in _told(catalog, office, lost, now)]
        )


def _lost(tx: Tx, now: datetime) -> list[Alert]:
    failed = tx.alerts.find(AlertFilter(states=("failed",), since=now - LOOK_BACK, limit=LOOKED_AT))
    waiting = tx.alerts.find(AlertFilter(states=("pending",), since=now - LOOK_BACK, limit=LOOKED_AT))
    return [*failed, *(alert for alert in waiting if alert.attempts >= LONG)]


def _told(catalog: Catalog, office: str, lost: Sequence[Alert], now: datetime) -> list[Alert]:
    """For the office above; none where there is no one above whom to tell."""
    above = office_superior(catalog, office) or catalog.follow_up.government or catalog.routes.lead
    if above == office.partition("@")[0] or above not in catalog.office:
        return []
    title = UNREACHABLE_TITLE.format(office=catalog.office_name(office))
    reason = UNREACHABLE_REASON.format(n=len(lost), why=_why(lost[0]))
    severity = max(alert.severity for alert in lost)
    return [Alert(_id(office, now), "unreachable", above, "", "", title, reason, now, severity)]


def _item(catalog: Catalog, office: str, lost: Sequence[Alert], now: datetime) -> DutyItem:
    title = UNREACHABLE_TITLE.format(office=catalog.office_name(office))
    return DutyItem(_id(office, now), now, "unreachable", title, _why(lost[0]), office)


def _id(office: str, now: datetime) -> str:
    return f"unreachable:{office}:{now.astimezone(SHANGHAI):%Y%m%d}"


def _why(alert: Alert) -> str:
    return alert.why_not.partition(f"；{MAIL}")[0]
