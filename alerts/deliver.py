"""Pending alerts -> one mail per office. What is sent, what waits and what is not sent at all: see alerts/quiet.py.

No alert is lost and no office gets a second mail, whatever dies when:

1. hold: in one transaction the alerts of one mail are held for `HOLD` and the mail's id is written to each of them;
2. send, outside any transaction;
3. mark: they are sent; or pending again at a later time; or failed for good, and stay visible.

A death before 3 lets the hold run out; the next round finds the mail's id and sends the same mail under the same
Message-ID, which mail servers and the outbox folder recognise. Several senders may run: a held alert is due for nobody.

Quotes come from the archive. While it is away a mail waits for them twice, some three minutes, and then goes without.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.backoff import pause
from alerts.ledger import Ledger, Tx
from alerts.ledger.alerts import MAIL
from alerts.model import Alert
from alerts.notify.address import office_address
from alerts.notify.gather import make_notices
from alerts.notify.notice import Notice, Notifier, OfficeAddress, mail_id_of
from alerts.quiet import Verdict, quiet
from alerts.quiet_gather import plan_repeats, situation_of, tell_again
from configs.catalog import Catalog
from stream.errors import NotifyError, Unavailable
from stream.messages import Judged
from stream.worker import Count, ignore

HOLD = timedelta(minutes=10)  # longer than any mail takes: every step of the SMTP dialogue has a time-out
ROUND = 1000  # alerts looked at for one mail
WAITS = 2  # times that a mail waits for an archive that is away
NO_QUOTES = "检索库暂时不能用，读不到要摘录的原文；过几分钟仍不能用就不带摘录发出"
NO_ADDRESS = "没有这个单位的收件地址，请在 offices.yaml 中补上"

logger = logging.getLogger(__name__)
_MAIL_ID = re.compile(rf"{MAIL} ([0-9a-f]{{32}})$")


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many alerts were sent, could not be sent (now or for good), were muted, and wait for their time."""

    sent: int = 0
    failed: int = 0
    muted: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class _Mail:
    """The alerts of one mail, held. `address` is None where the office has none."""

    id: str
    office: str
    address: OfficeAddress | None
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class _Taken:
    """What was taken in hand: a mail (without alerts where none is to be sent), and what became of the others."""

    mail: _Mail
    verdict: Verdict
    again: tuple[Alert, ...] = ()


def never() -> bool:
    return False


def deliver_once(
    ledger: Ledger,
    archive_get: Callable[[str], Judged | None],
    catalog: Catalog,
    notifier: Notifier,
    now: datetime,
    *,
    count: Count = ignore,
    stop: Callable[[], bool] = never,
) -> Delivered:
    """Send everything that is due at `now`, the gravest mail first; returns what became of it.

    Between two mails `stop` is asked whether to leave the rest for later. Counts sent, failed, muted, refused, what
    waits (once per reason) and what is told again. What is not a NotifyError passes: the mail comes again when its hold
    ends.
    """
    sent = failed = hushed = waiting = 0
    evidence = _Evidence(archive_get)
    while not stop() and (taken := _take_next(ledger, catalog, now)) is not None:
        mail = taken.mail
        hushed, waiting = hushed + len(taken.verdict.mute), waiting + len(taken.verdict.wait)
        _count_quiet(taken, count)
        if mail.alerts and _send(ledger, evidence, catalog, notifier, mail, now, count):
            sent += len(mail.alerts)
        else:
            failed += len(mail.alerts)
    return Delivered(sent, failed, hushed, waiting)


def _count_quiet(taken: _Taken, count: Count) -> None:
    for muted in taken.verdict.mute:
        count("muted", muted.code, 1)
    for one in taken.verdict.wait:
        if one.alert.quiet != one.code:
            count("waits", one.code, 1)
    for again in taken.again:
        count("told_again", again.kind, 1)


def next_try(alert: Alert, now: datetime) -> datetime:
    return now + pause(alert.id, alert.attempts)


def _take_next(ledger: Ledger, catalog: Catalog, now: datetime) -> _Taken | None:
    """Hold the next mail; None when nothing is due. Its alerts may all have been muted or put off on the way."""
    with ledger.begin() as tx:
        again = tell_again(tx, catalog, now)
        due = tx.alerts.due(now, ROUND)
        if not due:
            return None
        (office, mail_id), group = _first_group(due)
        verdict = quiet(group, situation_of(tx, catalog, group, now), under_way=bool(mail_id))
        _keep(tx, verdict)
        ids = [alert.id for alert in verdict.send]
        mail = _Mail(mail_id or mail_id_of(ids), office, office_address(catalog, office), verdict.send)
        tx.alerts.hold(ids, f"正在发送，{MAIL} {mail.id}", now + HOLD)
    return _Taken(mail, verdict, tuple(again))


def _keep(tx: Tx, verdict: Verdict) -> None:
    """Write down why what is not sent now is not."""
    for muted in verdict.mute:
        tx.alerts.mute([muted.alert.id], muted.why, muted.code)
    together: dict[tuple[str, str, datetime], list[str]] = {}
    for one in verdict.wait:
        together.setdefault((one.code, one.why, one.until), []).append(one.alert.id)
    for (code, why, until), ids in together.items():
        tx.quiet.wait(ids, code, why, until)


def _first_group(alerts: Sequence[Alert]) -> tuple[tuple[str, str], list[Alert]]:
    """The gravest of the (office, mail id) groups. Alerts of an earlier mail stay together, new ones make another."""
    groups: dict[tuple[str, str], list[Alert]] = {}
    for alert in alerts:
        groups.setdefault((alert.office, _mail_id(alert)), []).append(alert)
    return min(groups.items(), key=lambda item: -max(alert.severity for alert in item[1]))


def _mail_id(alert: Alert) -> str:
    found = _MAIL_ID.search(alert.why_not)
    return found[1] if found else ""


class _Evidence:
    """The archive during one round: once it was away it is not asked again, as each asking may take half a minute."""

    def __init__(self, archive_get: Callable[[str], Judged | None]) -> None:
        self._get = archive_get
        self._away = False
        self.missed = False  # whether something could not be read since this was last set to False

    def __call__(self, post_id: str) -> Judged | None:
        """None, too, while the archive is away: what cannot be read is shown to nobody."""
        try:
            if not self._away:
                return self._get(post_id)
        except Unavailable:
            self._away = True
        self.missed = True
        return None


def _send(
    ledger: Ledger,
    evidence: _Evidence,
    catalog: Catalog,
    notifier: Notifier,
    mail: _Mail,
    now: datetime,
    count: Count,
) -> bool:
    try:
        if mail.address is None:
            raise NotifyError(NO_ADDRESS, retryable=True)
        notices = _notices(ledger, evidence, catalog, mail, count)
        refused = notifier.send(mail.address, notices, now, mail.id)
    except NotifyError as error:
        _mark_failed(ledger, mail, error, now)
        count("failed", "retryable" if error.retryable else "permanent", len(mail.alerts))
        logger.warning("mail %s to %s did not go out (retryable: %s)", mail.id, mail.office, error.retryable)
        return False
    with ledger.begin() as tx:
        tx.alerts.mark_sent([alert.id for alert in mail.alerts], now)
        plan_repeats(tx, catalog.quiet, mail.alerts, now)
        for address, why in refused.items():
            tx.audit.add(now, "system", "mail_refused", mail.office, f"{address}: {why}")
    count("sent", "accepted", len(mail.alerts))
    if refused:
        count("refused", "recipient", len(refused))
    return True


def _notices(ledger: Ledger, evidence: _Evidence, catalog: Catalog, mail: _Mail, count: Count) -> list[Notice]:
    """Raises NotifyError while the mail is to wait for its quotes."""
    evidence.missed = False
    with ledger.read() as tx:
        notices = make_notices(tx, evidence, catalog, mail.alerts)
    if not evidence.missed:
        return notices
    if min(alert.attempts for alert in mail.alerts) < WAITS:
        raise NotifyError(NO_QUOTES, retryable=True)
    count("unquoted", "archive_away", len(mail.alerts))
    return [replace(one, unread=not one.quotes and one.event is not None) for one in notices]


def _mark_failed(ledger: Ledger, mail: _Mail, error: NotifyError, now: datetime) -> None:
    """All alerts of the mail come again together, when the first of them is due."""
    again = next_try(mail.alerts[0], now) if error.retryable else None
    with ledger.begin() as tx:
        for alert in mail.alerts:
            tx.alerts.mark_failed(alert.id, f"{error}；{MAIL} {mail.id}", again)
