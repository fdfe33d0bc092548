"""What staff can do, and that all of it is written down."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.ledger import AlertFilter, AuditEntry
from alerts.model import User
from app.wire import House
from dashboard import actions, data
from dashboard.data import EventDetail
from stream.errors import Conflict, MinshengError
from tests.dashboard.conftest import NOW
from tests.dashboard.filled import PASSWORD, case_of, desk_of

ADMIN = User("admin", "虚构管理员", "admin")
DUTY = User("duty", "虚构值班员", "duty")


def detail_of(house: House, key: str) -> EventDetail:
    detail = data.event_detail(desk_of(house), f"ev-{key}")
    assert detail is not None
    return detail


def last_audit(house: House) -> AuditEntry:
    return data.audit_tail(desk_of(house), 1)[0]


def test_a_right_password_signs_in_and_is_audited(full: House) -> None:
    user = actions.sign_in(desk_of(full), "duty", PASSWORD)
    assert user
    assert user.role == "duty"
    assert last_audit(full).what == "login"


def test_a_wrong_password_is_audited_for_known_names_only(full: House) -> None:
    desk = desk_of(full)
    assert actions.sign_in(desk, "duty", "wrong") is None
    assert last_audit(full).what == "login.failed"
    before = len(data.audit_tail(desk))
    assert actions.sign_in(desk, "my-secret-password", "x") is None
    assert len(data.audit_tail(desk)) == before


def test_a_login_ends_with_time_and_with_the_account(full: House) -> None:
    desk = desk_of(full)
    assert actions.signed_in(desk, "duty", NOW)
    assert actions.signed_in(desk, "duty", NOW - actions.SESSION - timedelta(seconds=1)) is None
    actions.disable_user(desk, ADMIN, "duty")
    assert actions.signed_in(desk, "duty", NOW) is None


def test_a_case_is_opened_by_hand_where_the_tree_says(full: House) -> None:
    desk, detail = desk_of(full), detail_of(full, "noise")
    case = actions.open_by_hand(desk, detail, "", "duty", "多人反映")
    assert case.office == data.suggestion(desk, detail).lead
    assert case.clocks
    found = data.case_detail(desk, case.id)
    assert found is not None
    assert [(action.verb, action.actor, action.note) for action in found.actions] == [
        ("open", "duty", "人工立案: 多人反映")
    ]
    assert [alert.office for alert in found.alerts] == [case.office]
    assert (last_audit(full).what, last_audit(full).target) == ("case.open", case.number)


def test_another_office_may_be_chosen(full: House) -> None:
    case = actions.open_by_hand(desk_of(full), detail_of(full, "noise"), "weijian", "duty", "另有原因")
    assert case.office.partition("@")[0] == "weijian"
    assert "另有原因" in case.why[-1]


def test_a_case_needs_a_reason(full: House) -> None:
    with pytest.raises(MinshengError, match="立案理由"):
        actions.open_by_hand(desk_of(full), detail_of(full, "noise"), "", "duty", "  ")


def test_an_event_has_one_case(full: House) -> None:
    detail = detail_of(full, "noise")
    actions.open_by_hand(desk_of(full), detail, "", "duty", "一")
    with pytest.raises(Conflict):
        actions.open_by_hand(desk_of(full), detail, "", "admin", "二")


def test_what_accuses_an_office_never_goes_there(full: House) -> None:
    desk, detail = desk_of(full), detail_of(full, "accused")
    with pytest.raises(MinshengError, match="第三十条"):
        actions.open_by_hand(desk, detail, "renshe", "duty", "试试")
    case = actions.open_by_hand(desk, detail, "", "duty", "立案")
    with pytest.raises(MinshengError, match="第三十条"):
        actions.do_action(desk, case, "redispatch", "duty", "改派", {"office": "renshe"})


def test_no_response_needed_closes_at_once_and_tells_nobody(full: House) -> None:
    desk = desk_of(full)
    case = actions.no_response_needed(desk, detail_of(full, "noise"), "duty", "已自行解决")
    assert case.state == "no_response_needed"
    assert all(clock.done_at for clock in case.clocks)
    assert data.alerts(desk, AlertFilter(case_id=case.id))[0] == []


def test_an_action_is_saved_with_history_and_audit(full: House) -> None:
    desk, case = desk_of(full), case_of(full.ledger, "wages")
    saved = actions.do_action(desk, case, "answer", "duty", "工资已发放")
    assert saved.state == "answered"
    assert (last_audit(full).what, last_audit(full).actor, last_audit(full).detail) == (
        "case.answer",
        "duty",
        "工资已发放",
    )


def test_whoever_is_second_is_told(full: House) -> None:
    desk, case = desk_of(full), case_of(full.ledger, "wages")
    actions.do_action(desk, case, "note", "admin", "我先看到")
    before = len(data.audit_tail(desk))
    with pytest.raises(Conflict):
        actions.do_action(desk, case, "answer", "duty", "我也答了")
    assert case_of(full.ledger, "wages").state == "accepted"
    assert len(data.audit_tail(desk)) == before


def test_the_new_office_hears_of_a_redispatch(full: House) -> None:
    desk, case = desk_of(full), case_of(full.ledger, "wages")
    saved = actions.do_action(desk, case, "redispatch", "duty", "属住建", {"office": "zhujian"})
    assert saved.office.partition("@")[0] == "zhujian"
    assert saved.office in {alert.office for alert in data.alerts(desk, AlertFilter(states=("pending",)))[0]}


def test_only_admins_manage_users_and_never_lock_themselves_out(full: House) -> None:
    desk = desk_of(full)
    with pytest.raises(MinshengError, match="管理员"):
        actions.add_user(desk, DUTY, "new", "新人", PASSWORD, "duty")
    with pytest.raises(MinshengError, match="自己"):
        actions.disable_user(desk, ADMIN, "admin")
    actions.add_user(desk, ADMIN, "new", "", PASSWORD, "duty")
    assert [user.display_name for user in data.users(desk) if user.name == "new"] == ["new"]
    assert last_audit(full).what == "user.add"
