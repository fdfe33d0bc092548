"""What an office may do with the link of its mail, without Streamlit: for one case, while it is that office's.

Whoever has the link acts as the office; every opening and every act is written to the audit under the office's id. Nothing is
shown that the office may not see: no post that accuses it, no note of the staff, no other case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Literal

from alerts.attachments import PER_CASE, checked, keep, place_of
from alerts.calendar import WorkCalendar
from alerts.cases import VERBS, allowed
from alerts.cases_do import do
from alerts.dispatch import SENDING
from alerts.extensions import ASKED, asked_clock, asked_for, extendable, refuse_extension
from alerts.ledger import Tx
from alerts.ledger.replies import Attachment, DutyItem
from alerts.links import OfficeLink, name_of
from alerts.model import Action, Alert, Case
from alerts.notify.gather import make_notices
from alerts.notify.view import view
from alerts.replies import attachment
from dashboard.desk import Desk
from dashboard.text import stamp
from stream.errors import MinshengError

VERBS_OF_OFFICES = ("accept", "start", "object", "answer", "promise", "report", "extend", "note")
NOTE_LIMIT = 2000  # characters
TRIES, WINDOW, ALL_TRIES = 10, timedelta(minutes=10), 100

Closed = Literal["bad", "expired", "revoked", "moved", "busy", "off"]


@dataclass(frozen=True)
class Door:
    """An open door: the case as its office may see it. `shown` are the strings of a mail about it."""

    case: Case
    office: str
    shown: Mapping[str, Any]
    daily: Mapping[str, int]
    done: Sequence[Action]
    files: Sequence[Attachment]


class Tries:
    """Bad links per address, in memory: above the limit they are turned away without a look and without a line in the audit.
    A good link is never turned away."""

    def __init__(self) -> None:
        self._bad: list[tuple[datetime, str]] = []
        self._lock = Lock()

    def too_many(self, address: str, now: datetime) -> bool:
        """Counts one bad link; whether there were too many, from this address or in all."""
        with self._lock:
            self._bad = [one for one in self._bad if timedelta() <= now - one[0] < WINDOW][-ALL_TRIES:]
            self._bad.append((now, address))
            own = sum(one[1] == address for one in self._bad)
            return own > TRIES or len(self._bad) > ALL_TRIES


def open_door(desk: Desk, tries: Tries, token: str, address: str, *, again: bool = False) -> Door | Closed:
    """What lies behind the link. `address` is the visitor's; `again`: the page is only drawn anew, which is not audited."""
    now = desk.now()
    if desk.links is None:
        return "off"
    link = desk.links.read(token, now)
    if isinstance(link, str):
        return _turned_away(desk, tries, link, address, now)
    with desk.ledger.read() as tx:
        case = tx.cases.get(link.case_id)
        revoked = tx.links.is_revoked(name_of(link))
        door = _door(desk, tx, case, link.office) if case and case.office == link.office and not revoked else None
    if not again:
        what = "office.open" if door else "office.revoked" if revoked else "office.moved"
        with desk.ledger.begin() as tx:
            tx.audit.add(now, link.office, what, case.number if case else link.case_id, address)
    return door or ("revoked" if revoked else "moved")


def _turned_away(desk: Desk, tries: Tries, why: Literal["bad", "expired"], address: str, now: datetime) -> Closed:
    if tries.too_many(address, now):
        return "busy"
    with desk.ledger.begin() as tx:
        tx.audit.add(now, "office", f"office.{why}", "link", address)
    return why


def _door(desk: Desk, tx: Tx, case: Case, office: str) -> Door:
    now = desk.now()
    told = Alert("", "new_case", office, case.id, case.event_id, case.title, "", now, case.severity)
    (notice,) = make_notices(tx, desk.archive.get, desk.catalog, [told])
    done = _known_to(office, tx.cases.actions(case.id))
    files = [file for file in tx.replies.files(case.id) if file.actor == office]
    daily = notice.event.daily if notice.event else {}
    return Door(case, office, view([notice], "", now), daily, done, files)


def _known_to(office: str, history: Sequence[Action]) -> list[Action]:
    """What the office did itself, and what was decided of its time since it was sent the case, of which it was told."""
    sent = max((n for n, one in enumerate(history) if one.verb in SENDING), default=0)
    return [
        one
        for n, one in enumerate(history)
        if one.actor == office or (n > sent and one.verb in ("extend", "refuse_extension"))
    ]


def verbs_for(case: Case) -> list[str]:
    """What the office may do now, in the order of a case's life."""
    can = {verb.key for verb in allowed(case)}
    return [key for key in VERBS_OF_OFFICES if key in can and (case.is_open or key == "note")]


def extensions(desk: Desk, case: Case) -> dict[str, datetime]:
    """The clocks for which more time may be asked, by key, and until when."""
    return extendable(desk.catalog, WorkCalendar(desk.catalog.calendar), case)


def act_through(
    desk: Desk, token: str, seen: Case, verb: str, note: str = "", data: Mapping[str, Any] | None = None
) -> Case:
    """Do it as the office, to the case as it was seen. An extension is only asked for: the staff on duty grants it.

    Raises MinshengError when the link or the case no longer allows it, Conflict when the case has changed meanwhile.
    """
    now, given = desk.now(), dict(data or {})
    text = desk.mask(note.strip())[:NOTE_LIMIT]
    with desk.ledger.begin() as tx:
        office = _office(desk, tx, token, seen)
        if verb not in verbs_for(seen):
            raise MinshengError(f"案件现在的状态不能“{VERBS[verb].label if verb in VERBS else verb}”，请刷新页面")
        if verb == "extend":
            return _ask_for_time(desk, tx, seen, office, text, given, now)
        given |= {name: desk.mask(str(given[name])) for name in ("what", "to") if name in given}
        saved = do(tx, desk.catalog, seen, verb, office, now, text, {**given, "via": "link"})
        tx.audit.add(now, office, f"case.{verb}", seen.number, text)
    return saved


def _office(desk: Desk, tx: Tx, token: str, seen: Case) -> str:
    """The office that the link lets act, in the case as it is now."""
    link = desk.links.read(token, desk.now()) if desk.links else "bad"
    case = tx.cases.get(seen.id)
    good = isinstance(link, OfficeLink) and not tx.links.is_revoked(name_of(link))
    if isinstance(link, str) or not good or case is None or link.case_id != seen.id or link.office != case.office:
        raise MinshengError("链接已失效，请使用最近一封邮件里的链接，或与值班人员联系")
    return link.office


def _ask_for_time(
    desk: Desk, tx: Tx, case: Case, office: str, reason: str, data: Mapping[str, Any], now: datetime
) -> Case:
    """A note in the history, and an item before the staff."""
    clock = next((one for one in case.clocks if one.key == data.get("clock") and one.done_at is None), None)
    until = data.get("due_at")
    if clock is None or not isinstance(until, datetime) or not reason:
        raise MinshengError("申请延期须选定时限，写明新的截止时间和理由")
    if until <= clock.due_at:
        raise MinshengError("新的截止时间必须晚于原来的截止时间")
    refuse_extension(desk.catalog, WorkCalendar(desk.catalog.calendar), case.number, clock, until)
    text = f"申请将“{clock.name}”延期至 {stamp(until)}：{reason}"
    given = {"via": "link", "asks": ASKED, "clock": clock.key, "due_at": until.isoformat()}
    saved = do(tx, desk.catalog, case, "note", office, now, text, given)
    tx.replies.add_items([asked_for(saved, f"{case.id}:{saved.version}", text, now)])
    tx.audit.add(now, office, "office.extend", case.number, text)
    return saved


def attach(desk: Desk, token: str, seen: Case, name: str, content: bytes) -> str:
    """Put a file to the case; returns its name. Raises MinshengError when it is not taken."""
    if desk.attachments is None:
        raise MinshengError("本页不接收附件")
    file, now = checked(name, content, desk.attachment_mb), desk.now()
    keep(desk.attachments, file)
    with desk.ledger.begin() as tx:
        office = _office(desk, tx, token, seen)
        if tx.replies.count_files(seen.id) >= PER_CASE:
            raise MinshengError(f"每个案件至多 {PER_CASE} 个附件")
        if not tx.replies.add_file(attachment(seen.id, file, now, office)):
            raise MinshengError(f"附件“{file.name}”已经上传过")
        case = tx.cases.get(seen.id) or seen
        given = {"via": "link", "files": [file.hash]}
        do(tx, desk.catalog, case, "note", office, now, f"上传附件：{file.name}", given)
        tx.audit.add(now, office, "office.attach", seen.number, file.name)
    return file.name


def read_file(desk: Desk, file: Attachment, actor: str, number: str) -> bytes:
    """The bytes for a member of staff; that they were taken is audited."""
    if desk.attachments is None:
        raise MinshengError("没有附件目录")
    try:
        content = place_of(desk.attachments, file.hash).read_bytes()
    except OSError as error:
        raise MinshengError(f"附件“{file.name}”读不到，请检查数据目录") from error
    with desk.ledger.begin() as tx:
        tx.audit.add(desk.now(), actor, "file.read", number, file.name)
    return content


def open_items(desk: Desk) -> list[DutyItem]:
    """What lies before the staff because of delivery."""
    with desk.ledger.read() as tx:
        return tx.replies.open_items()


def asks_for_time(desk: Desk, item: DutyItem) -> bool:
    """Whether an office waits to hear of its extension: granting it or a refusal with a reason ends that."""
    with desk.ledger.read() as tx:
        return asked_clock(tx, item) is not None


def finish_item(desk: Desk, item: DutyItem, actor: str, note: str) -> None:
    """Ends it; an extension that an office still waits for is refused by it, which needs a reason, and the office is told."""
    now = desk.now()
    with desk.ledger.begin() as tx:
        if not tx.replies.finish_item(item.id, actor, now, note.strip()):
            raise MinshengError("别人已经处理过这一项")
        case, clock = tx.cases.get(item.case_id), asked_clock(tx, item)
        if case and clock:
            do(tx, desk.catalog, case, "refuse_extension", actor, now, note, {"clock": clock.key})
            tx.audit.add(now, actor, "case.refuse_extension", case.number, note.strip())
        tx.audit.add(now, actor, "item.done", item.title, note.strip())
