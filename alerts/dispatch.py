"""What may be done about where a case was sent: objecting in time, once; and never to an office that is accused.

* An office objects within so many working days of the dispatch, with reasons (信访工作条例 2022); the limit is the clock
  `object_within` of configs/clocks.yaml.
* Staff on duty review: they send the case elsewhere or uphold the dispatch. The office named at the review is designated and
  may not return the case a second time (潍坊市 2021).
* Until then the first receiver answers for it (首接负责, 北京市接诉即办工作条例 arts. 11-15): an office objects, it does not
  close a case as not its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from alerts.accused import Accusation
from alerts.calendar import WorkCalendar
from alerts.ledger import Tx
from alerts.ledger.replies import DutyItem
from alerts.model import Action, Case, EventPost
from alerts.routes import EARLIER, instead_of
from configs.catalog import Catalog
from stream.errors import MinshengError

LIMIT = "object_within"
SENDING = ("open", "dispatch", "redispatch", "uphold", "reopen", "relapse")
LEAVING = ("not_responsible", "referred")


def refuse(tx: Tx, catalog: Catalog, case: Case, verb: str, actor: str, now: datetime, data: Mapping[str, Any]) -> None:
    """Raises MinshengError, in Chinese, when the rules of dispatch forbid it. Reads nothing for other verbs."""
    if verb == "object":
        _refuse_objection(catalog, case, tx.cases.actions(case.id), now)
    elif verb in LEAVING and _is_office(catalog, actor):
        raise MinshengError(f"案件 {case.number}: 首接单位不能自行退回，请先提出派单异议，由值班人员审核")
    elif verb in ("dispatch", "redispatch"):
        for office in (data.get("office") or "", *(data.get("helps") or ())):
            _refuse_accused(tx, catalog, case, office)


def _is_office(catalog: Catalog, actor: str) -> bool:
    """Whether it acts for an office; whoever is on duty reviews, and may have the name of the duty room as a user."""
    key = actor.partition("@")[0]
    return key in catalog.office and key != catalog.routes.lead


def accused_meanwhile(tx: Tx, catalog: Catalog, case: Case, posts: Sequence[EventPost], now: datetime) -> None:
    """Lay it before the staff on duty, once a case and office, that new posts accuse an office which has the case: it is not
    shown them, and somebody else has to read them."""
    reading = {office.partition("@")[0] for office in (case.office, *case.helps)}
    accused = dict.fromkeys(key for post in posts for key in post.accuses if key in reading)
    for key in accused:
        ids = [post.post_id for post in posts if key in post.accuses]
        name = catalog.office_name(key)
        text = f"有 {len(ids)} 条新信息直接指向{name}，未向该单位展示，请核查并考虑改派 (信访工作条例第三十条)"
        tx.replies.add_items([DutyItem(f"accused:{case.id}:{key}", now, "accused", case.number, text, key, case.id)])


def taken_up_elsewhere(
    tx: Tx, catalog: Catalog, case: Case, found: Mapping[str, Accusation] | None = None
) -> tuple[dict[str, Any], str]:
    """For a closed case that is taken up again: `office` and `helps` without those that posts accuse, and a sentence that
    says so; nothing where its office is not accused. `found`: how the newest posts accuse offices."""
    accused = {key: EARLIER for key in tx.events.accused(case.event_id)} | dict(found or {})
    accused.pop(catalog.routes.lead, None)  # whoever is on duty reads everything that comes in
    helps = [one for one in case.helps if one.partition("@")[0] not in accused]
    if case.office.partition("@")[0] not in accused:
        return ({"helps": helps} if len(helps) < len(case.helps) else {}), ""
    office = instead_of(catalog, case.office, accused, case.region)
    before, after = catalog.office_name(case.office), catalog.office_name(office)
    why = f"有信息直接指向{before}，改由{after}重新办理 (信访工作条例第三十条)"
    return {"office": office, "helps": [one for one in helps if one != office]}, why


def designated(history: Sequence[Action]) -> str:
    """The office id that a review of an objection named and that has the case since; "" if none has."""
    last = _last_sent(history)
    if last is None or last.before != "objected":
        return ""
    return str(last.data.get("office") or "")


def objection_due(catalog: Catalog, history: Sequence[Action]) -> datetime | None:
    """Until when the office may object to the last dispatch; None when no limit is configured."""
    clock = next((one for one in catalog.clocks if one.key == LIMIT), None)
    sent = _last_sent(history)
    if clock is None or clock.working_days is None or sent is None:
        return None
    return WorkCalendar(catalog.calendar).add_working_days(sent.at, clock.working_days).at


def _last_sent(history: Sequence[Action]) -> Action | None:
    return next((one for one in reversed(history) if one.verb in SENDING), None)


def _refuse_objection(catalog: Catalog, case: Case, history: Sequence[Action], now: datetime) -> None:
    if designated(history) == case.office:
        name = catalog.office_name(case.office)
        raise MinshengError(f"案件 {case.number} 由{name}承办是派单异议审核后指定的，不得再次退回")
    due = objection_due(catalog, history)
    if due is not None and now > due:
        raise MinshengError(f"案件 {case.number} 已过提出派单异议的期限，由首接单位办理；确有困难的请与值班室联系")


def _refuse_accused(tx: Tx, catalog: Catalog, case: Case, office: str) -> None:
    key = office.partition("@")[0]
    if key and tx.events.accusing(case.event_id, key):
        raise for_the_accused(catalog, office)


def for_the_accused(catalog: Catalog, office: str) -> MinshengError:
    """That material must not go to the office which it accuses (信访工作条例 art. 30)."""
    name = catalog.office_name(office.partition("@")[0])
    return MinshengError(f"有信息直接指向{name}，按信访工作条例第三十条不得转给被反映单位，请另选单位")
