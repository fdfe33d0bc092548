"""One mail to one office about all its alerts: headers, Chinese text and HTML."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.headerregistry import Address, Group
from email.message import EmailMessage
from email.policy import SMTP
from itertools import chain

from alerts.model import Alert
from alerts.moments import moment
from alerts.notify.chart import chart_words, daily_chart
from alerts.notify.clean import clean_line, clip
from alerts.notify.notice import Letterhead, Notice, OfficeAddress
from alerts.notify.templates import render
from alerts.notify.view import by_case, case_link, order, subject_of, view
from configs.catalog import SHANGHAI
from stream.errors import NotifyError

IN_FULL = 12  # cases told at length in one mail; mail programs cut off what is longer than about 100 kB
SUBJECT_LIMIT = 80
ALERTS_HEADER = "X-Minsheng-Alerts"  # names every alert that the mail tells


def compose(
    letterhead: Letterhead, office: OfficeAddress, notices: Sequence[Notice], mail_id: str, now: datetime
) -> EmailMessage:
    """The mail, the gravest alerts first. The same `mail_id` gives the same Message-ID.

    Raises NotifyError (no use to retry) when an address cannot stand in a header.
    """
    matters = by_case(order(notices))
    message = EmailMessage(policy=SMTP)
    _write_headers(message, letterhead, office, matters, mail_id, now)
    pictures = {_chart_id(n, mail_id): _chart(matter) for n, matter in enumerate(matters[:IN_FULL])}
    values = _values(letterhead, office, matters, pictures, now)
    message.set_content(render("office.txt.j2", values), cte="base64")
    message.add_alternative(render("office.html.j2", values), subtype="html", cte="base64")
    _add_charts(message, pictures)
    return message


def recipients(
    letterhead: Letterhead, office: OfficeAddress, notices: Sequence[Notice]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(to, copies). Deputies get a copy of what is grave or overdue; a redirected mail goes to one address alone."""
    if letterhead.redirect_to:
        return (letterhead.redirect_to,), ()
    return _true_recipients(office, notices)


def _true_recipients(office: OfficeAddress, notices: Sequence[Notice]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    pressing = any(_pressing(notice.alert) for notice in notices)
    copies = tuple(address for address in office.deputies if address not in office.emails) if pressing else ()
    return office.emails, copies


def fingerprint(alert_id: str) -> str:
    """What stands for an alert in the header of the mail that tells it: so the books of both sides can be compared."""
    return hashlib.sha256(alert_id.encode()).hexdigest()[:16]


def _pressing(alert: Alert) -> bool:
    """Whether the deputies hear of it too: what is grave, and what has come up to their level."""
    level = alert.figures.get("level")
    return alert.severity >= 4 or level == "deputy" or (alert.kind == "overdue" and level != "office")


def _write_headers(
    message: EmailMessage,
    letterhead: Letterhead,
    office: OfficeAddress,
    matters: Sequence[Sequence[Notice]],
    mail_id: str,
    now: datetime,
) -> None:
    notices = list(chain.from_iterable(matters))
    to, copies = recipients(letterhead, office, notices)
    try:
        message["From"] = Address("民声", addr_spec=letterhead.sender)
        message["To"] = _addressed(clean_line(office.name), [*to, *copies])
    except ValueError as error:
        wrong = clean_line(", ".join((letterhead.sender, *to, *copies)))
        raise NotifyError(f"地址格式不正确，请在单位配置或 mail 设置中改正: {wrong}", retryable=False) from error
    message["Subject"] = clip(clean_line(subject_of(matters)), SUBJECT_LIMIT)
    message["Date"] = now.astimezone(SHANGHAI)
    message["Message-ID"] = letterhead.message_id(mail_id)
    message[ALERTS_HEADER] = " ".join(fingerprint(notice.alert.id) for notice in notices)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic answers, please
    if any(notice.alert.severity >= 4 for notice in notices):
        message["Importance"] = "high"


def _addressed(name: str, addresses: Sequence[str]) -> list[Address | Group]:
    """One recipient by address; several as a group without members, so that none sees the others (RFC 5322 3.4)."""
    checked = [Address(name, addr_spec=address) for address in addresses]
    return [*checked] if len(checked) == 1 else [Group(name, ())]


def _add_charts(message: EmailMessage, pictures: Mapping[str, bytes | None]) -> None:
    """The pictures that the HTML part names."""
    part = message.get_payload()[-1]  # type: ignore[index]
    assert isinstance(part, EmailMessage)  # noqa: S101 - added two lines before
    for name, picture in pictures.items():
        if picture:
            part.add_related(picture, "image", "png", cid=f"<{name}>", disposition="inline")


def _chart(matter: Sequence[Notice]) -> bytes | None:
    event = matter[0].event
    return daily_chart(event.daily) if event else None


def _chart_id(n: int, mail_id: str) -> str:
    return f"days-{n}.{mail_id}@minsheng"


def _values(
    letterhead: Letterhead,
    office: OfficeAddress,
    matters: Sequence[Sequence[Notice]],
    pictures: Mapping[str, bytes | None],
    now: datetime,
) -> dict[str, object]:
    """`pictures`: name -> picture of the matters that are told in full, None for one without."""
    charts = [name if picture else "" for name, picture in pictures.items()]
    to, copies = _true_recipients(office, list(chain.from_iterable(matters)))
    return {
        "office": clean_line(office.name),
        "items": [_item(letterhead, office, *each, now) for each in zip(matters[:IN_FULL], charts, strict=True)],
        "more": [view(matter, letterhead.public_url, now) for matter in matters[IN_FULL:]],
        "replies": letterhead.replies,
        "grave": sum(matter[0].alert.severity >= 4 for matter in matters),
        "total": len(matters),
        "redirected": ", ".join((*to, *copies)) if letterhead.redirect_to else "",
        "demo": letterhead.demo,
        "home": case_link(letterhead.public_url, ""),
        "made_at": moment(now),
    }


def linked(letterhead: Letterhead, office: OfficeAddress, notices: Sequence[Notice]) -> list[str]:
    """The ids of the cases for which a mail about these holds a link."""
    matters = by_case(order(notices))[:IN_FULL]
    return [matter[0].alert.case_id for matter in matters if _has_link(letterhead, office, matter[0])]


def _has_link(letterhead: Letterhead, office: OfficeAddress, notice: Notice) -> bool:
    case = notice.case
    return letterhead.links is not None and case is not None and case.is_open and case.office == office.id


def _item(
    letterhead: Letterhead, office: OfficeAddress, matter: Sequence[Notice], chart: str, now: datetime
) -> dict[str, object]:
    """One case, with the name of its picture and, for the office that leads, the link by which it can act."""
    case, event = matter[0].case, matter[0].event
    acts = ""
    if letterhead.links and case and _has_link(letterhead, office, matter[0]):
        acts = letterhead.links.address(letterhead.public_url, case.id, office.id, now)
    return {
        **view(matter, letterhead.public_url, now),
        "acts": acts,
        "days": letterhead.links.days if letterhead.links else 0,
        "chart": chart,
        "chart_words": chart_words(event.daily) if event else "",
    }
