"""What staff do on the pages, without Streamlit. Every action and every view of case material is written to the audit.

Raises MinshengError with a Chinese text when something is not allowed, and Conflict when somebody else was first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from alerts import consequences
from alerts.calendar import WorkCalendar
from alerts.cases import act
from alerts.cases_do import do
from alerts.dispatch import for_the_accused
from alerts.ledger import Tx
from alerts.model import Action, Alert, Case, User
from alerts.routes import Decision, branch_id
from dashboard.data import EventDetail, suggestion
from dashboard.desk import Desk
from stream.errors import Conflict, MinshengError

SESSION = timedelta(hours=12)  # how long a login lasts
Role = Literal["duty", "admin"]


# ---- who is there --------------------------------------------------------------------------------


def sign_in(desk: Desk, name: str, password: str) -> User | None:
    """The user if name and password are right; failures of known names are counted and audited."""
    now = desk.now()
    with desk.ledger.begin() as tx:
        user = tx.users.verify(name, password, now)
        if user:
            tx.audit.add(now, name, "login", name)
        elif any(one.name == name for one in tx.users.all()):  # anything else typed there may be a password
            tx.audit.add(now, name, "login.failed", name)
    return user


def sign_out(desk: Desk, name: str) -> None:
    with desk.ledger.begin() as tx:
        tx.audit.add(desk.now(), name, "logout", name)


def signed_in(desk: Desk, name: str, since: datetime) -> User | None:
    """The user of a login made `since`, unless that is too long ago or the account was disabled meanwhile."""
    if desk.now() - since > SESSION:
        return None
    with desk.ledger.read() as tx:
        return next((user for user in tx.users.all() if user.name == name and not user.disabled), None)


def audit_view(desk: Desk, actor: str, what: str, target: str, detail: str = "") -> None:
    """That somebody looked: `what` is case.view, event.view or search."""
    with desk.ledger.begin() as tx:
        tx.audit.add(desk.now(), actor, what, target, detail)


# ---- cases ---------------------------------------------------------------------------------------


def open_by_hand(desk: Desk, detail: EventDetail, office: str, actor: str, reason: str) -> Case:
    """Open a case for an event that no rule opened one for, at an office key, or "" for the suggested office."""
    now = desk.now()
    with desk.ledger.begin() as tx:
        case, action = _new_case(desk, tx, detail, office, actor, _needed(reason, "立案理由"), now)
        tx.alerts.add([_told_by_hand(case, detail, reason.strip(), now)])
        tx.audit.add(now, actor, "case.open", case.number, action.note)
    return case


def no_response_needed(desk: Desk, detail: EventDetail, actor: str, reason: str) -> Case:
    """Note that an event needs no response: a case that is closed at once, with its reason, and no office is told."""
    now = desk.now()
    note = _needed(reason, "无需回应的理由")
    with desk.ledger.begin() as tx:
        case, _ = _new_case(desk, tx, detail, "", actor, note, now)
        case = tx.cases.save(*act(case, "no_response_needed", actor, now, note))
        tx.audit.add(now, actor, "case.no_response_needed", case.number, note)
    return case


def do_action(
    desk: Desk, case: Case, verb: str, actor: str, note: str = "", data: Mapping[str, Any] | None = None
) -> Case:
    """Do something to the case as the actor saw it; an office in `data` is a key, its branch at the place is found."""
    now, given = desk.now(), dict(data or {})
    with desk.ledger.begin() as tx:
        if given.get("office"):
            given["office"] = branch_id(desk.catalog, given["office"].partition("@")[0], case.region)
        saved = do(tx, desk.catalog, case, verb, actor, now, note, given)
        tx.audit.add(now, actor, f"case.{verb}", case.number, note.strip())
    return saved


def _new_case(
    desk: Desk, tx: Tx, detail: EventDetail, office: str, actor: str, reason: str, now: datetime
) -> tuple[Case, Action]:
    event = detail.event
    if tx.cases.by_event(event.id):
        raise Conflict("该事件已经立案，请刷新")
    decision = _at(desk, detail, suggestion(desk, detail), office, reason)
    at = consequences.Desk(desk.catalog, WorkCalendar(desk.catalog.calendar), now)
    case, action = consequences.case_for(at, tx, event, decision, detail.links)
    action = replace(action, actor=actor, note=f"人工立案: {reason}")
    return tx.cases.open(case, action), action


def _at(desk: Desk, detail: EventDetail, decision: Decision, office: str, reason: str) -> Decision:
    """The decision with the office that a person chose instead, if any."""
    if not office:
        return decision
    lead = branch_id(desk.catalog, office.partition("@")[0], detail.event.region)
    if lead == decision.lead:
        return decision
    if office.partition("@")[0] in detail.accused:
        raise for_the_accused(desk.catalog, office)
    why = f"人工立案时选定由{desk.catalog.office_name(lead)}承办: {reason}。"
    helps = tuple(one for one in decision.helps if one != lead)
    return replace(decision, lead=lead, helps=helps, why=(*decision.why, why))


def _told_by_hand(case: Case, detail: EventDetail, reason: str, now: datetime) -> Alert:
    """Without the posts that accuse the office it goes to."""
    key = case.office.partition("@")[0]
    hidden = {link.post_id for link in detail.links if key in link.accuses}
    return Alert(
        id=f"new_case:{case.id}",
        kind="new_case",
        office=case.office,
        case_id=case.id,
        event_id=case.event_id,
        title=case.title,
        reason=f"值班人员人工立案: {reason}",
        created_at=now,
        severity=case.severity,
        posts=tuple(one for one in detail.event.representatives if one not in hidden),
    )


def _needed(text: str, name: str) -> str:
    if not text.strip():
        raise MinshengError(f"请写明{name}")
    return text.strip()


# ---- users ---------------------------------------------------------------------------------------


def add_user(desk: Desk, actor: User, name: str, display: str, password: str, role: Role) -> None:
    _refuse_others(actor)
    now = desk.now()
    with desk.ledger.begin() as tx:
        tx.users.add(name, display.strip() or name, password, role, now)
        tx.audit.add(now, actor.name, "user.add", name, role)


def set_password(desk: Desk, actor: User, name: str, password: str) -> None:
    _refuse_others(actor)
    with desk.ledger.begin() as tx:
        tx.users.set_password(name, password)
        tx.audit.add(desk.now(), actor.name, "user.passwd", name)


def disable_user(desk: Desk, actor: User, name: str, disabled: bool = True) -> None:
    """An admin cannot lock out themself."""
    _refuse_others(actor)
    if disabled and name == actor.name:
        raise MinshengError("不能停用自己的账号，请由另一位管理员操作")
    with desk.ledger.begin() as tx:
        tx.users.disable(name, disabled)
        tx.audit.add(desk.now(), actor.name, "user.disable" if disabled else "user.enable", name)


def _refuse_others(actor: User) -> None:
    if actor.role != "admin":
        raise MinshengError("只有管理员可以管理用户")
