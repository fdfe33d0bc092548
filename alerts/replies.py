"""An office's mail -> what it does to a case. Nothing is lost: what cannot be told apart lies before duty staff.

Who may answer: whoever writes from an address of the office that the answered mail went to, and names that mail by its
Message-ID, which nobody else has seen. A mail is handled once, by its own Message-ID, in the transaction of what it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.attachments import PER_CASE, Checked, checked
from alerts.cases import VERBS
from alerts.cases_do import do
from alerts.ledger import Ledger, Tx
from alerts.ledger.mails import Mail
from alerts.ledger.replies import Attachment, DutyItem, Reply
from alerts.mail_reading import Bounce, Incoming
from alerts.model import Case
from alerts.notify.address import office_address
from configs.catalog import Catalog
from stream.errors import MinshengError

_NUMBER = re.compile(r"MS-\d{8}-\d{4,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail. `ask`: the numbers among which its sender is to be asked to choose."""

    what: str
    office: str = ""
    case_id: str = ""
    ask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """What handling needs beside the mail. `mask` takes personal numbers out of a text, `keep` puts a file away."""

    catalog: Catalog
    mask: Callable[[str], str]
    keep: Callable[[Checked], None]
    limit_mb: int = 10


def take_in(ledger: Ledger, desk: Desk, mail: Incoming, place: str, now: datetime) -> Outcome:
    """Handle one mail; "copy" when it was handled before. `place`: where in the mailbox it lies."""
    with ledger.begin() as tx:
        if tx.replies.get(mail.id):
            return Outcome("copy")
        outcome = _handle(tx, desk, mail, now)
        tx.replies.add(Reply(mail.id, place, now, outcome.office, outcome.case_id, outcome.what))
    return outcome


def _handle(tx: Tx, desk: Desk, mail: Incoming, now: datetime) -> Outcome:
    ours = next((found for one in mail.answers if (found := tx.mails.get(one))), None)
    if mail.bounces:
        return _bounced(tx, desk, mail, ours, now)
    if mail.automatic:
        return Outcome("auto", ours.office if ours else "")
    if ours is None:
        return _to_staff(tx, desk, mail, Outcome("unmatched"), now)
    if mail.sender not in _addresses(desk.catalog, ours.office):
        return _to_staff(tx, desk, mail, Outcome("stranger", ours.office), now)
    return _of_office(tx, desk, mail, ours, now)


def _addresses(catalog: Catalog, office: str) -> frozenset[str]:
    address = office_address(catalog, office)
    return frozenset(one.lower() for one in (*address.emails, *address.deputies)) if address else frozenset()


def _of_office(tx: Tx, desk: Desk, mail: Incoming, ours: Mail, now: datetime) -> Outcome:
    cases = [case for one in ours.cases if (case := tx.cases.get(one))]
    meant = _meant(mail, cases)
    if meant is None:
        numbers = tuple(case.number for case in cases)
        what = "which_case" if numbers else "unmatched"
        return _to_staff(tx, desk, mail, Outcome(what, ours.office, ask=numbers), now)
    if meant.office != ours.office:
        return _to_staff(tx, desk, mail, Outcome("moved", ours.office, meant.id), now)
    if not mail.text and not mail.files:
        return _to_staff(tx, desk, mail, Outcome("empty", ours.office, meant.id), now)
    return _answer(tx, desk, mail, meant, now)


def _meant(mail: Incoming, cases: Sequence[Case]) -> Case | None:
    """The only case of the answered mail, or the only one that the answer names."""
    if len(cases) == 1:
        return cases[0]
    named = {one.upper() for one in _NUMBER.findall(f"{mail.subject}\n{mail.text}")}
    found = [case for case in cases if case.number in named]
    return found[0] if len(found) == 1 else None


def _answer(tx: Tx, desk: Desk, mail: Incoming, case: Case, now: datetime) -> Outcome:
    """An answer where the case waits for one, else a note."""
    files, refused = _files(tx, desk, mail, case, now)
    verb = "answer" if mail.text and case.state in VERBS["answer"].before else "note"
    added = f"（附件：{'、'.join(file.name for file in files)}）" if files else ""
    text = f"{desk.mask(mail.text)}{added}" if mail.text else f"邮件回复，没有正文{added}"
    data = {"via": "mail", "mail": mail.id, "files": [file.hash for file in files]}
    do(tx, desk.catalog, case, verb, case.office, now, text, data)
    tx.audit.add(now, case.office, f"case.{verb}", case.number, "邮件回复")
    if refused:
        item = DutyItem(f"file:{mail.id}", now, "file", "；".join(refused), "", case.office, case.id)
        tx.replies.add_items([item])
    return Outcome(verb, case.office, case.id)


def _files(tx: Tx, desk: Desk, mail: Incoming, case: Case, now: datetime) -> tuple[list[Checked], list[str]]:
    """The files that were put away, and why others were not."""
    room = PER_CASE - tx.replies.count_files(case.id)
    kept: list[Checked] = []
    refused: list[str] = []
    for name, content in mail.files:
        try:
            file = checked(name, content, desk.limit_mb)
        except MinshengError as error:
            refused.append(str(error))
            continue
        if len(kept) >= room:
            refused.append(f"附件“{file.name}”未收：每个案件至多 {PER_CASE} 个")
            continue
        desk.keep(file)
        tx.replies.add_file(attachment(case.id, file, now, case.office))
        kept.append(file)
    return kept, refused


def attachment(case_id: str, file: Checked, now: datetime, actor: str) -> Attachment:
    return Attachment(f"{case_id}:{file.hash}", case_id, file.hash, file.name, len(file.content), now, actor)


def _to_staff(tx: Tx, desk: Desk, mail: Incoming, outcome: Outcome, now: datetime) -> Outcome:
    title = desk.mask(mail.subject) or "（无主题）"
    names = "、".join(name for name, _ in mail.files)
    text = f"发件人 {mail.sender or '不明'}\n{desk.mask(mail.text)}" + (f"\n附件（未收）：{names}" if names else "")
    item = DutyItem(f"mail:{mail.id}", now, outcome.what, title, text, outcome.office, outcome.case_id)
    tx.replies.add_items([item])
    return outcome


def _bounced(tx: Tx, desk: Desk, mail: Incoming, ours: Mail | None, now: datetime) -> Outcome:
    final = [one for one in mail.bounces if one.final]
    if not final:
        return Outcome("delayed", ours.office if ours else "")
    if ours is None:
        return _to_staff(tx, desk, mail, Outcome("bounce"), now)
    for one in final:
        _came_back(tx, ours, one, now)
    return Outcome("bounce", ours.office)


def _came_back(tx: Tx, ours: Mail, bounce: Bounce, now: datetime) -> None:
    """Where all addresses of a mail sent it back, what it told has reached nobody: it failed."""
    told = {address.lower() for address in ours.told}
    address = bounce.address or (min(told) if len(told) == 1 else "")
    after = tx.mails.bounced(ours.id, address, bounce.why)
    tx.audit.add(now, "system", "mail_bounced", ours.office, f"{address}: {bounce.why}")
    item = f"bounce:{ours.office}:{address}:{now:%Y%m%d}"
    tx.replies.add_items([DutyItem(item, now, "bounce", "邮件被退回", f"{address}: {bounce.why}", ours.office)])
    if after is None or not told or not told <= {one.lower() for one in after.bounced}:
        return
    for alert_id in ours.alerts:
        alert = tx.alerts.get(alert_id)
        if alert and alert.state == "sent":
            tx.alerts.mark_failed(alert_id, f"邮件被退回: {bounce.why}", None)
