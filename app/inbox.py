"""Reads the mailbox that offices answer to, and does to the cases what the answers say."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from app.process import Process
from app.stopping import Stop, never
from stream.errors import Conflict, MinshengError, NotifyError, Unavailable
from stream.worker import Count

if TYPE_CHECKING:
    from alerts.mail_reading import Incoming
    from alerts.mailbox import Fetched, Look
    from alerts.replies import Desk, Outcome
    from app.wire import House

INBOX = "@inbox"  # beside the crawls' cursors: how far the mailbox was read
BEFORE = timedelta(days=1)  # of the first look: what lay there before is not ours

logger = logging.getLogger(__name__)


def keep_reading(house: House, *, once: bool = False, stop: Stop | None = None) -> None:
    """Look every `imap.every` seconds until stopped; with `once`, until nothing new is there."""
    if not house.settings.imap.host:
        raise MinshengError("没有设置收件服务器: 请填写 imap.host 等设置 (见 configs/embedded.yaml)")
    with Process(house, "inbox", stop) as process:
        while not process.asked():
            done = process.insist(lambda: read_inbox(house, house.now(), process.counter, process.asked))
            process.came_round(done)
            if done:
                logger.info("read %d mails", done)
            elif once:
                return
            process.stop.wait(0.0 if once or done else house.settings.imap.every)


def read_inbox(house: House, now: datetime, count: Count, stop: Callable[[], bool] = never) -> int:
    """One look at the mailbox; returns how many mails were taken in hand. A mail is handled before it is marked as read and
    before the place is noted, and a mail that was handled is known by its Message-ID."""
    desk, done = _desk(house), 0
    with house.post_office.mailbox.open() as look:
        uid, since = _place(house, look.validity, now)
        for one in look.after(uid, since):
            if stop():
                break
            fetched = look.fetch(one)
            if fetched is not None:
                count("mail_read", _take(house, desk, fetched, f"{look.validity}:{one}", now, count), 1)
                look.mark_read(one)
                done += 1
            _note_place(house, look, one, since)
    return done


def _desk(house: House) -> Desk:
    from alerts.attachments import keep
    from alerts.replies import Desk
    from classify.pii import mask

    folder = house.post_office.attachments
    return Desk(house.catalog, mask, lambda file: keep(folder, file), house.settings.mail.attachment_mb)


def _place(house: House, validity: int, now: datetime) -> tuple[int, date]:
    """After which uid to go on, and from which day on mails are ours. A mailbox made anew is read from that day on."""
    with house.ledger.read() as tx:
        kept = tx.meters.cursor(INBOX)
    if not kept:
        return 0, (now - BEFORE).date()
    return (kept["uid"] if kept["validity"] == validity else 0), date.fromisoformat(kept["since"])


def _note_place(house: House, look: Look, uid: int, since: date) -> None:
    with house.ledger.begin() as tx:
        tx.meters.save_cursor(INBOX, {"validity": look.validity, "uid": uid, "since": since.isoformat()})


def _take(house: House, desk: Desk, fetched: Fetched, place: str, now: datetime, count: Count) -> str:
    """What became of the mail. One that nothing can be made of lies before duty staff."""
    from alerts.mail_reading import read_mail
    from alerts.replies import take_in

    if fetched.raw is None:
        return _unread(house, place, now, "too_big")
    try:
        mail = read_mail(fetched.raw)
        outcome = take_in(house.ledger, desk, mail, place, now)
    except (Unavailable, Conflict):
        raise
    except Exception:
        logger.exception("a mail could not be handled")
        return _unread(house, place, now, "unread")
    _after(house, mail, outcome, now, count)
    return outcome.what


def _unread(house: House, place: str, now: datetime, kind: str) -> str:
    from alerts.ledger.replies import DutyItem

    with house.ledger.begin() as tx:
        tx.replies.add_items([DutyItem(f"mail:{place}", now, kind, "有一封邮件需要到邮箱里查看")])
    return kind


def _after(house: House, mail: Incoming, outcome: Outcome, now: datetime, count: Count) -> None:
    """What else follows; none of it is needed for the mail to be handled."""
    from alerts.notify.ask import which_case
    from alerts.unreachable import tell_unreachable

    if outcome.what == "bounce":
        tell_unreachable(house.ledger, house.catalog, now)
    email = house.post_office.email
    if not outcome.ask or email is None:
        return
    message, to = which_case(house.post_office.letterhead, mail, outcome.ask, now)
    try:
        email.post(message, to)
    except NotifyError as error:  # the mail lies before duty staff anyway
        count("ask_failed", "retryable" if error.retryable else "permanent", 1)
        return
    with house.ledger.begin() as tx:
        tx.replies.asked_back(mail.id, now)
