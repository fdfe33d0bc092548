"""The page behind the link of a mail: what it shows, what it lets an office do, and whom it turns away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from alerts.attachments import PER_CASE
from alerts.cases import act
from alerts.extensions import granted
from alerts.ledger import AlertFilter
from alerts.ledger.office_links import SentLink
from alerts.ledger.replies import DutyItem
from alerts.links import Links, OfficeLink, name_of
from alerts.model import Case, EventPost
from alerts.revoking import revoke_link
from app.wire import House
from dashboard import actions, office_door
from dashboard.desk import Desk
from dashboard.office_door import TRIES, Door, Tries
from dashboard.text import stamp
from stream.errors import Conflict, MinshengError
from tests.dashboard.conftest import NOW
from tests.dashboard.filled import case_of, desk_of
from tests.dashboard.test_views import run, text

LINKS = Links(b"secret", days=30)
PDF = b"%PDF-1.7 invented"
DESK: list[Desk] = []


def script() -> None:
    from dashboard.main import show
    from tests.dashboard.test_office_page import DESK

    show(DESK[-1])


@pytest.fixture
def desk(full: House, tmp_path: Path) -> Iterator[Desk]:
    made = replace(
        desk_of(full),
        links=LINKS,
        attachments=tmp_path / "attachments",
        attachment_mb=1,
        mask=lambda text: text.replace("13800000000", "[电话]"),
    )
    DESK.append(made)
    yield made
    DESK.clear()


def token(desk: Desk, key: str = "river", office: str = "") -> str:
    case = case_of(desk.ledger, key)
    return LINKS.make(case.id, office or case.office, NOW)


def open_page(link: str, user: str = "") -> AppTest:
    at = AppTest.from_function(script, default_timeout=20)
    if user:
        at.session_state["user_name"], at.session_state["signed_in_at"] = user, NOW
    at._page_hash = calc_hash("office")
    at.query_params["link"] = link
    return run(at)


def open_staff_page(name: str, case_id: str = "") -> AppTest:
    at = AppTest.from_function(script, default_timeout=20)
    at.session_state["user_name"], at.session_state["signed_in_at"] = "duty", NOW
    at._page_hash = calc_hash(name)
    if case_id:
        at.query_params["id"] = case_id
    return run(at)


def audit(desk: Desk, actor: str) -> list[tuple[str, str]]:
    with desk.ledger.read() as tx:
        return [(entry.what, entry.target) for entry in tx.audit.find(actor=actor)]


def door_of(desk: Desk, link: str) -> Door:
    door = office_door.open_door(desk, Tries(), link, "10.0.0.1")
    assert isinstance(door, Door)
    return door


def test_a_good_link_shows_its_case_without_a_login(desk: Desk) -> None:
    at = open_page(token(desk))
    said = text(at)
    case = case_of(desk.ledger, "river")
    for word in (case.number, "虹溪河面漂死鱼", "时限0", "已派单", "虚构条例第七条"):
        assert word in said
    assert "用户名" not in [one.label for one in at.text_input]
    assert ("office.open", case.number) in audit(desk, case.office)


def test_a_redrawing_is_not_audited_again(desk: Desk) -> None:
    at = open_page(token(desk))
    run(at)
    case = case_of(desk.ledger, "river")
    assert audit(desk, case.office).count(("office.open", case.number)) == 1


def test_no_other_page_opens_with_a_link(desk: Desk) -> None:
    at = AppTest.from_function(script, default_timeout=20)
    at._page_hash = calc_hash("cases")
    at.query_params["link"] = token(desk)
    run(at)
    assert "用户名" in [one.label for one in at.text_input]
    assert "虹溪" not in text(at)


def test_only_its_own_case_and_nothing_of_the_staff_is_shown(desk: Desk) -> None:
    case = case_of(desk.ledger, "river")
    with desk.ledger.begin() as tx:
        tx.cases.save(*act(case, "note", "duty", NOW, "值班员的内部备注"))
    said = text(open_page(token(desk)))
    assert "内部备注" not in said
    assert "云栖工地" not in said


def test_posts_that_accuse_the_office_are_not_shown(desk: Desk) -> None:
    case = case_of(desk.ledger, "wages")
    with desk.ledger.begin() as tx:
        linked = tx.events.posts(case.event_id)
        assert linked
        tx.events.link([EventPost("accused-0", case.event_id, NOW, "board", 2, 0.9, accuses=("renshe",))])
    door = door_of(desk, token(desk, "wages"))
    assert "accused-0" not in {quote["id"] for quote in door.shown["quotes"]}
    assert "投诉人社局" not in repr(door.shown)


def test_a_revoked_link_is_closed_and_the_others_of_the_case_stay_open(desk: Desk) -> None:
    case = case_of(desk.ledger, "river")
    other = LINKS.make(case.id, case.office, NOW - timedelta(days=1))
    link, found = token(desk), LINKS.read(token(desk), NOW)
    assert isinstance(found, OfficeLink)
    with desk.ledger.begin() as tx:
        revoke_link(tx, SentLink(name_of(found), case.id, case.office, NOW), "duty", NOW, "误转发")
    at = open_page(link)
    assert "已被值班人员作废" in text(at)
    assert "虹溪" not in text(at)
    assert ("office.revoked", case.number) in audit(desk, case.office)
    with pytest.raises(MinshengError, match="链接已失效"):
        office_door.act_through(desk, link, case, "accept")
    with pytest.raises(MinshengError, match="链接已失效"):
        office_door.attach(desk, link, case, "核查.pdf", PDF)
    assert office_door.act_through(desk, other, case, "accept").state == "accepted"


@pytest.mark.parametrize("link", ["", "x", "a.b"])
def test_a_bad_link_says_so(desk: Desk, link: str) -> None:
    at = open_page(link)
    assert "链接无效" in text(at)
    assert "虹溪" not in text(at)


def test_a_changed_link_is_a_bad_one(desk: Desk) -> None:
    good = token(desk)
    other = "A" if good[5] != "A" else "B"
    assert "链接无效" in text(open_page(good[:5] + other + good[6:]))


def test_an_expired_link_says_so(desk: Desk) -> None:
    case = case_of(desk.ledger, "river")
    old = LINKS.make(case.id, case.office, NOW - timedelta(days=31))
    assert "链接已过期" in text(open_page(old))
    assert ("office.expired", "link") in audit(desk, "office")


def test_after_a_redispatch_the_old_link_no_longer_acts(desk: Desk) -> None:
    link, case = token(desk), case_of(desk.ledger, "river")
    with desk.ledger.begin() as tx:
        tx.cases.save(*act(case, "redispatch", "duty", NOW, "改派", {"office": "chengguan"}))
    assert "已不由贵单位承办" in text(open_page(link))
    with pytest.raises(MinshengError, match="链接已失效"):
        office_door.act_through(desk, link, case, "accept")
    with pytest.raises(MinshengError, match="链接已失效"):
        office_door.attach(desk, link, case, "a.pdf", PDF)


def test_a_link_of_another_case_does_not_act_on_this_one(desk: Desk) -> None:
    with pytest.raises(MinshengError, match="链接已失效"):
        office_door.act_through(desk, token(desk, "wages"), case_of(desk.ledger, "river"), "accept")


def test_without_links_the_page_is_closed(full: House) -> None:
    assert office_door.open_door(desk_of(full), Tries(), "x", "") == "off"


def test_an_expired_link_does_not_act(desk: Desk) -> None:
    case = case_of(desk.ledger, "river")
    old = LINKS.make(case.id, case.office, NOW - timedelta(days=31))
    with pytest.raises(MinshengError, match="链接已失效"):
        office_door.act_through(desk, old, case, "accept")


def test_accepting_on_the_page(desk: Desk) -> None:
    at = open_page(token(desk))
    case = case_of(desk.ledger, "river")
    at.pills(key=f"office-verb-{case.id}-dispatched").set_value("accept")
    run(at)
    next(one for one in at.button if one.label == "提交").click()
    run(at)
    assert case_of(desk.ledger, "river").state == "accepted"
    with desk.ledger.read() as tx:
        action = tx.cases.actions(case.id)[-1]
    assert (action.actor, action.verb) == (case.office, "accept")
    assert ("case.accept", case.number) in audit(desk, case.office)


def test_an_objection_needs_its_reason_and_stops_the_clocks(desk: Desk) -> None:
    link, case = token(desk), case_of(desk.ledger, "river")
    with pytest.raises(MinshengError, match="理由"):
        office_door.act_through(desk, link, case, "object", "  ")
    saved = office_door.act_through(desk, link, case, "object", "河道归水利部门管，电话13800000000")
    assert saved.state == "objected"
    with desk.ledger.read() as tx:
        assert tx.cases.actions(case.id)[-1].note == "河道归水利部门管，电话[电话]"


def test_an_answer_and_a_promise(desk: Desk) -> None:
    link = token(desk)
    by = (NOW + timedelta(days=5)).date().isoformat()
    promised = office_door.act_through(
        desk, link, case_of(desk.ledger, "river"), "promise", "", {"what": "清理河面", "by": by}
    )
    assert [one.what for one in promised.promises] == ["清理河面"]
    assert office_door.act_through(desk, link, promised, "answer", "已清理").state == "answered"


def test_the_same_form_sent_twice_is_done_once(desk: Desk) -> None:
    link, seen = token(desk), case_of(desk.ledger, "river")
    office_door.act_through(desk, link, seen, "answer", "已清理")
    with pytest.raises(Conflict):
        office_door.act_through(desk, link, seen, "answer", "已清理")


@pytest.mark.parametrize("verb", ["close", "redispatch", "not_responsible", "escalate", "open", "nonsense"])
def test_what_the_staff_decides_no_link_can_do(desk: Desk, verb: str) -> None:
    with pytest.raises(MinshengError, match="不能"):
        office_door.act_through(
            desk, token(desk), case_of(desk.ledger, "river"), verb, "理由", {"office": "gov", "severity": 4}
        )


def test_an_extension_is_only_asked_for(desk: Desk) -> None:
    link, case = token(desk, "wages"), case_of(desk.ledger, "wages")
    clock = case.clocks[1]
    later = office_door.extensions(desk, case)[clock.key]
    for data in ({}, {"clock": clock.key, "due_at": clock.due_at}, {"clock": "none", "due_at": later}):
        with pytest.raises(MinshengError, match=r"延期|截止"):
            office_door.act_through(desk, link, case, "extend", "人手不足", data)
    office_door.act_through(desk, link, case, "extend", "人手不足", {"clock": clock.key, "due_at": later})
    assert case_of(desk.ledger, "wages").clocks[1].due_at == clock.due_at
    (item,) = office_door.open_items(desk)
    assert (item.kind, item.case_id) == ("extend", case.id)
    assert "人手不足" in item.text


def ask_for_time(desk: Desk) -> tuple[Case, str]:
    """The wages' case as it was before its office asked for more time, and the key of the item before the staff."""
    case = case_of(desk.ledger, "wages")
    key = case.clocks[1].key
    data = {"clock": key, "due_at": office_door.extensions(desk, case)[key]}
    office_door.act_through(desk, token(desk, "wages"), case, "extend", "人手不足", data)
    (item,) = office_door.open_items(desk)
    return case, item.id


def told_of_time(desk: Desk) -> list[str]:
    with desk.ledger.read() as tx:
        return [one.reason for one in tx.alerts.find(AlertFilter(limit=100)) if one.kind == "extension"]


def test_a_refused_extension_needs_a_reason_and_is_told_to_the_office(desk: Desk) -> None:
    case, item = ask_for_time(desk)
    at = open_staff_page("alerts")
    at.button(key=f"item-done-{item}").click()
    assert "须写明理由" in text(run(at)).replace("\\", "")
    assert office_door.open_items(desk)
    at.text_input(key=f"item-note-{item}").set_value("可以按期办完")
    at.button(key=f"item-done-{item}").click()
    run(at)
    assert office_door.open_items(desk) == []
    (reason,) = told_of_time(desk)
    assert "未获准延期" in reason
    assert "可以按期办完" in reason
    assert case_of(desk.ledger, "wages").clocks == case.clocks
    assert ("case.refuse_extension", case.number) in audit(desk, "duty")
    seen = text(open_staff_page("case", case.id))
    assert "不予延期" in seen
    assert "申请延至" in seen
    assert "可以按期办完" in text(open_page(token(desk, "wages")))


def test_granting_ends_the_request_and_is_told_to_the_office(desk: Desk) -> None:
    case, item = ask_for_time(desk)
    clock, now = case.clocks[1], case_of(desk.ledger, "wages")
    until = clock.due_at + timedelta(hours=5)
    actions.do_action(desk, now, "extend", "duty", "等待鉴定", {"clock": clock.key, "due_at": until})
    assert office_door.open_items(desk) == []
    (reason,) = told_of_time(desk)
    assert f"已延期至 {stamp(until)}" in reason
    assert "等待鉴定" in reason
    with pytest.raises(MinshengError, match="已经处理过"):
        office_door.finish_item(desk, DutyItem(item, NOW, "extend", ""), "duty", "晚了")
    assert len(told_of_time(desk)) == 1
    seen = text(open_staff_page("case", case.id))
    assert f"新的截止时间: {stamp(until)}" in seen


def test_another_clock_that_is_put_off_leaves_the_request_open(desk: Desk) -> None:
    case, item = ask_for_time(desk)
    with desk.ledger.begin() as tx:
        granted(tx, case, case.clocks[0].key, "duty", NOW)
    assert [one.id for one in office_door.open_items(desk)] == [item]


def test_a_request_about_a_case_that_was_closed_is_only_ticked_off(desk: Desk) -> None:
    _, item = ask_for_time(desk)
    now = case_of(desk.ledger, "wages")
    actions.do_action(desk, now, "referred", "duty", "转仲裁", {"channel": "仲裁"})
    at = open_staff_page("alerts")
    assert at.button(key=f"item-done-{item}").label == "已处理"
    at.button(key=f"item-done-{item}").click()
    run(at)
    assert office_door.open_items(desk) == []
    assert told_of_time(desk) == []


@pytest.mark.parametrize(("place", "days", "says"), [(0, 1, "不得延期"), (1, 30, "至多延到")])
def test_what_staff_could_not_grant_is_not_asked_for(desk: Desk, place: int, days: int, says: str) -> None:
    link, case = token(desk, "wages"), case_of(desk.ledger, "wages")
    clock = case.clocks[place]
    data = {"clock": clock.key, "due_at": clock.due_at + timedelta(days=days)}
    with pytest.raises(MinshengError, match=says):
        office_door.act_through(desk, link, case, "extend", "人手不足", data)
    assert office_door.open_items(desk) == []


def test_a_link_is_revoked_on_the_page_of_its_case(desk: Desk) -> None:
    case = case_of(desk.ledger, "river")
    sent = [SentLink(f"link-{n}", case.id, case.office, NOW - timedelta(days=n)) for n in range(2)]
    with desk.ledger.begin() as tx:
        tx.links.add(sent)
    at = open_staff_page("case", case.id)
    at.selectbox(key="revoke-link").set_value("link-1")
    at.text_input(key="revoke-reason").set_value("误转发")
    at.button(key="revoke-submit").click()
    said = text(run(at))
    assert "duty 作废：误转发" in said
    with desk.ledger.read() as tx:
        assert [tx.links.is_revoked(one.id) for one in sent] == [False, True]


def test_a_closed_case_takes_only_a_note(desk: Desk) -> None:
    link, case = token(desk), case_of(desk.ledger, "river")
    with desk.ledger.begin() as tx:
        tx.cases.save(*act(case, "no_response_needed", "duty", NOW, "重复"))
    assert office_door.verbs_for(case_of(desk.ledger, "river")) == ["note"]
    assert "无需回应" in text(open_page(link))


def test_a_file_is_kept_once_and_staff_can_take_it(desk: Desk) -> None:
    link, case = token(desk), case_of(desk.ledger, "river")
    assert office_door.attach(desk, link, case, "回执.pdf", PDF) == "回执.pdf"
    with pytest.raises(MinshengError, match="已经上传过"):
        office_door.attach(desk, link, case, "again.pdf", PDF)
    with desk.ledger.read() as tx:
        (file,) = tx.replies.files(case.id)
    assert office_door.read_file(desk, file, "duty", case.number) == PDF
    assert ("file.read", case.number) in audit(desk, "duty")
    assert "回执.pdf" in text(open_page(link))


@pytest.mark.parametrize(
    ("name", "content"), [("a.exe", b"MZ"), ("a.pdf", b"<html>"), ("a.pdf", PDF + b"x" * (1 << 20))]
)
def test_other_files_are_refused(desk: Desk, name: str, content: bytes) -> None:
    with pytest.raises(MinshengError):
        office_door.attach(desk, token(desk), case_of(desk.ledger, "river"), name, content)
    assert desk.attachments is not None
    assert not desk.attachments.exists()


def test_a_case_takes_so_many_files(desk: Desk) -> None:
    link, case = token(desk), case_of(desk.ledger, "river")
    for n in range(PER_CASE):
        office_door.attach(desk, link, case, f"{n}.pdf", PDF + bytes([n]))
    with pytest.raises(MinshengError, match="至多"):
        office_door.attach(desk, link, case, "more.pdf", PDF + b"more")


def test_bad_links_are_slowed_down_and_good_ones_are_not(desk: Desk) -> None:
    tries = Tries()
    found = [office_door.open_door(desk, tries, "bad", "10.0.0.1") for _ in range(TRIES + 5)]
    assert found == ["bad"] * TRIES + ["busy"] * 5
    assert office_door.open_door(desk, tries, "bad", "10.0.0.2") == "bad"
    assert isinstance(office_door.open_door(desk, tries, token(desk), "10.0.0.1"), Door)
    assert audit(desk, "office").count(("office.bad", "link")) == TRIES + 1


def test_staff_see_what_lies_before_them_and_tick_it_off(desk: Desk) -> None:
    with desk.ledger.begin() as tx:
        tx.replies.add_items([DutyItem("i1", NOW, "unmatched", "<b>来信</b>", "正文<script>", "renshe")])
    at = open_staff_page("alerts")
    assert "来信对不上案件" in text(at)
    assert "<script>" not in text(at)
    at.button(key="item-done-i1").click()
    run(at)
    assert office_door.open_items(desk) == []
    assert ("item.done", "<b>来信</b>") in audit(desk, "duty")


def test_staff_find_the_files_on_the_page_of_the_case(desk: Desk) -> None:
    case = case_of(desk.ledger, "river")
    office_door.attach(desk, token(desk), case, "回执.pdf", PDF)
    at = AppTest.from_function(script, default_timeout=20)
    at.session_state["user_name"], at.session_state["signed_in_at"] = "duty", NOW
    at._page_hash = calc_hash("case")
    at.query_params["id"] = case.id
    run(at)
    assert any("回执" in one.label for one in at.download_button)


def test_an_office_can_note_that_it_reported_which_stops_the_clock_of_the_report(desk: Desk) -> None:
    case, link = case_of(desk.ledger, "river"), token(desk)
    assert "report" in office_door.verbs_for(case)
    with pytest.raises(MinshengError, match="须写明上报给谁"):
        office_door.act_through(desk, link, case, "report", data={"to": ""})
    saved = office_door.act_through(desk, link, case, "report", data={"to": "市政府总值班室 13800000000"})
    with desk.ledger.read() as tx:
        told = tx.cases.actions(saved.id)[-1]
    assert (told.verb, told.actor, told.data["to"]) == ("report", case.office, "市政府总值班室 [电话]")
