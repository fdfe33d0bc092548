"""The promise ledger (承诺台账): what was promised, by when, whether it was kept, and who checked it.

岳阳市政务舆情回应制度 art. 6 asks for such a ledger. A promise outlives the closing of its case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from alerts.model import Case, Promise
from configs.catalog import SHANGHAI
from stream.errors import MinshengError

_YES = frozenset({True, "yes", "true", "1", "是"})
_NO = frozenset({False, "no", "false", "0", "否"})


def with_promise(case: Case, promise_id: str, actor: str, now: datetime, data: Mapping[str, Any]) -> Case:
    """The case with what is promised in `data`: `what`, and `by` (a day, or an instant with a timezone)."""
    by = end_of(case, data["by"])
    if by <= now:
        raise MinshengError(f"案件 {case.number}: 兑现时间须晚于现在")
    promise = Promise(promise_id, str(data["what"]).strip(), by, case.office, now, actor)
    return replace(case, promises=(*case.promises, promise))


def with_check(case: Case, actor: str, now: datetime, note: str, data: Mapping[str, Any]) -> Case:
    """The case with one promise checked: `promise` is its id, `kept` whether it was kept; if not, the note says why."""
    found = next((one for one in case.promises if one.id == data["promise"]), None)
    if found is None:
        raise MinshengError(f"案件 {case.number} 没有承诺“{data['promise']}”")
    if found.kept is not None:
        raise MinshengError(f"案件 {case.number}: 这项承诺已由 {found.checked_by} 核实过")
    kept = _truth(case, data["kept"])
    if not kept and not note:
        raise MinshengError(f"案件 {case.number}: 承诺没有兑现的，须写明情况")
    done = replace(found, kept=kept, checked_at=now, checked_by=actor, note=note)
    return replace(case, promises=tuple(done if one is found else one for one in case.promises))


def open_promises(case: Case) -> tuple[Promise, ...]:
    """Those that nobody has checked yet, the next to fall due first; none where the matter turned out to be no case."""
    if not case.is_open and case.state != "closed":
        return ()
    return tuple(sorted((one for one in case.promises if one.kept is None), key=lambda one: one.by))


def end_of(case: Case, value: object) -> datetime:
    """By when: an instant as it is, a day until it is over in Shanghai."""
    try:
        given = value if isinstance(value, date) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise MinshengError(f"案件 {case.number}: 兑现时间 {value!r} 无法识别，应如 2026-11-30") from error
    if isinstance(given, datetime) and given.tzinfo is not None:
        return given
    day = given.date() if isinstance(given, datetime) else given
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def _truth(case: Case, value: Any) -> bool:
    if isinstance(value, bool | str) and value in _YES | _NO:
        return value in _YES
    raise MinshengError(f"案件 {case.number}: 是否兑现须为 是 或 否，不是 {value!r}")
