"""Every page drawn by Streamlit's own test runner: with an empty and with a full store, and one action each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from alerts.ledger import CaseFilter
from app.wire import House
from dashboard import data
from dashboard.desk import Desk
from stream.archive import Query
from tests.dashboard.conftest import NOW
from tests.dashboard.filled import NASTY, PASSWORD, case_of, desk_of

PAGES = ("overview", "triage", "cases", "case", "post", "search", "alerts", "system")
DESK: list[Desk] = []


def script() -> None:
    from dashboard.main import show
    from tests.dashboard.test_views import DESK

    show(DESK[-1])


@pytest.fixture(autouse=True)
def _forget_desks() -> Iterator[None]:
    yield
    DESK.clear()


def open_page(house: House, page: str, user: str = "admin", **query: str) -> AppTest:
    DESK.append(desk_of(house))
    at = AppTest.from_function(script, default_timeout=20)
    at.session_state["user_name"], at.session_state["signed_in_at"] = user, NOW
    at._page_hash = "" if page == "overview" else calc_hash(page)
    for name, value in query.items():
        at.query_params[name] = value
    return run(at)


def run(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    assert not any("编号" in one.value for one in at.error), [one.value for one in at.error]
    return at


def text(at: AppTest) -> str:
    """All that the page says."""
    kinds: tuple[Any, ...] = (
        at.html,
        at.markdown,
        at.title,
        at.subheader,
        at.caption,
        at.success,
        at.warning,
        at.error,
        at.info,
    )
    links = [one.proto.label for one in at.get("page_link")]
    return "\n".join([one.value for kind in kinds for one in kind] + [one.label for one in at.button] + links)


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_store_is_said_in_words(empty: House, page: str) -> None:
    said = text(open_page(empty, page))
    words = {
        "overview": "还没有采集过",
        "triage": "没有符合条件的事件",
        "cases": "没有符合条件的案件",
        "case": "请从案件列表中选一个案件",
        "post": "选一条信息",
        "search": "没有找到",
        "alerts": "没有符合条件的预警",
        "system": "近 7 天没有计数记录",
    }
    assert words[page] in said
    assert "演示数据，均为虚构" in said


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("overview", ("云栖工地拖欠工资", "已超时", "列表页结构变了", "robots.txt 不允许", "久未采集")),
        ("triage", ("虹溪河面漂死鱼", "夜宵店油烟扰民", "未立案", "共 5 个事件")),
        ("cases", ("云栖工地拖欠工资", "超时", "MS-")),
        ("search", ("共 13 条", "虹溪河面漂死鱼", "所属事件", "虚构留言板")),
        ("alerts", ("对方服务器拒收", "已随立案通知告知", "发送失败")),
        ("system", ("虚构值班员", "采集时舍弃", "虚构快讯", "事项分布", "信息太少", "人工改正 0 条")),
    ],
)
def test_a_full_store_is_shown(full: House, page: str, expected: tuple[str, ...]) -> None:
    said = text(open_page(full, page))
    assert not [words for words in expected if words not in said]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_is_drawn_without_a_login(full: House, page: str) -> None:
    DESK.append(desk_of(full))
    at = AppTest.from_function(script, default_timeout=20)
    at._page_hash = "" if page == "overview" else calc_hash(page)
    said = text(run(at))
    assert [one.label for one in at.text_input] == ["用户名", "密码"]
    assert "云栖工地" not in said
    assert "演示数据，均为虚构" in said


def test_a_login_opens_the_page_that_was_asked_for(full: House) -> None:
    DESK.append(desk_of(full))
    at = AppTest.from_function(script, default_timeout=20)
    at._page_hash = calc_hash("cases")
    run(at)
    for password, there in (("wrong", False), (PASSWORD, True)):
        at.text_input[0].set_value("duty")
        at.text_input[1].set_value(password)
        at.button[0].click()
        run(at)
        assert ("云栖工地拖欠工资" in text(at)) is there
    at.button(key="logout").click()
    assert "云栖工地拖欠工资" not in text(run(at))
    assert [entry.what for entry in data.audit_tail(desk_of(full), 3)] == ["logout", "login", "login.failed"]


def test_a_disabled_account_sees_nothing_more(full: House) -> None:
    at = open_page(full, "cases", "duty")
    with full.ledger.begin() as tx:
        tx.users.disable("duty")
    assert "云栖工地拖欠工资" not in text(run(at))


def test_the_system_page_is_for_admins(full: House) -> None:
    assert "计数" not in text(open_page(full, "system", "duty"))


def test_a_picked_event_shows_its_evidence_and_the_look_is_audited(full: House) -> None:
    at = open_page(full, "triage", "duty", event="ev-noise")
    said = text(at)
    assert all(words in said for words in ("研判依据", "<mark>油烟扰民</mark>", "近似重复", "建议单位", "答复"))
    run(at)
    looks = [entry for entry in data.audit_tail(desk_of(full)) if entry.what == "event.view"]
    assert [(entry.actor, entry.target) for entry in looks] == [("duty", "ev-noise")]


def test_picking_an_event_puts_it_into_the_address(full: House) -> None:
    at = open_page(full, "triage", "duty")
    at.button(key="pick-ev-river").click()
    run(at)
    assert at.query_params["event"] == "ev-river"
    assert "死鱼" in "".join(one.value for one in at.subheader)


def test_a_case_is_opened_by_hand(full: House) -> None:
    at = open_page(full, "triage", "duty", event="ev-noise")
    at.text_area(key="open-reason-ev-noise").set_value("多人反映，影响较大")
    button(at, "立案并派单").click()
    assert "已立案并派单" in text(run(at))
    assert case_of(full.ledger, "noise").state == "dispatched"


def test_a_case_without_a_reason_is_refused_and_nothing_is_lost(full: House) -> None:
    at = open_page(full, "triage", "duty", event="ev-noise")
    button(at, "立案并派单").click()
    assert "请写明立案理由" in text(run(at))
    assert data.count_cases(desk_of(full), CaseFilter()) == 2


def test_an_event_that_needs_no_response(full: House) -> None:
    at = open_page(full, "triage", "duty", event="ev-noise")
    at.text_area(key="none-reason-ev-noise").set_value("已自行解决")
    button(at, "记为无需回应").click()
    assert "已记为无需回应" in text(run(at))
    assert case_of(full.ledger, "noise").state == "no_response_needed"


def test_an_accused_office_cannot_be_chosen(full: House) -> None:
    at = open_page(full, "triage", "duty", event="ev-accused")
    options = at.selectbox(key="open-office-ev-accused").options
    assert "人力资源和社会保障局" not in options
    assert "住房和城乡建设局" in options
    assert "第三十条" in text(at)


def test_the_page_of_a_case_shows_all_of_it(full: House) -> None:
    case = case_of(full.ledger, "wages")
    said = text(open_page(full, "case", "duty", id=case.number))
    expected = (
        case.number,
        "本地默认",
        "暂定",
        "虚构规定",
        "虚构条例第七条",
        "乡镇",
        "签收",
        "对方服务器拒收",
        "<mark>拖欠工资</mark>",
        'class="clock late"',
    )
    assert not [words for words in expected if words not in said]


def test_a_case_that_is_not_there(full: House) -> None:
    assert "没有案件" in text(open_page(full, "case", "duty", id="MS-<b>"))


def test_a_case_is_answered(full: House) -> None:
    case = case_of(full.ledger, "wages")
    at = act_on(open_page(full, "case", "duty", id=case.id), case.id, "answer", "工资已发放")
    assert "已记录：答复" in text(at)
    assert case_of(full.ledger, "wages").state == "answered"


def test_what_somebody_else_did_meanwhile_is_not_overrun(full: House) -> None:
    from dashboard.actions import do_action

    case = case_of(full.ledger, "wages")
    at = open_page(full, "case", "duty", id=case.id)
    at.pills[0].set_value("answer")
    run(at)
    do_action(desk_of(full), case, "start", "admin")
    at.text_area(key=f"note-{case.id}-answer").set_value("答复")
    at.button(key=f"submit-{case.id}-answer").click()
    assert "别人刚刚改过，已刷新" in text(run(at))
    assert case_of(full.ledger, "wages").state == "in_progress"


def test_a_redispatch_asks_for_the_office(full: House) -> None:
    case = case_of(full.ledger, "wages")
    at = act_on(open_page(full, "case", "duty", id=case.id), case.id, "redispatch", "属住建")
    assert "须写明新的责任单位" in text(at).replace("\\", "")
    at.selectbox(key=f"office-{case.id}-redispatch").set_value("zhujian")
    at.button(key=f"submit-{case.id}-redispatch").click()
    run(at)
    assert case_of(full.ledger, "wages").office.partition("@")[0] == "zhujian"


def test_a_clock_is_extended(full: House) -> None:
    case = case_of(full.ledger, "wages")
    at = act_on(open_page(full, "case", "duty", id=case.id), case.id, "extend", "等待鉴定")
    assert "已记录：延期" in text(at)
    clocks = case_of(full.ledger, "wages").clocks
    assert clocks[1].due_at > case.clocks[1].due_at
    assert clocks[0] == case.clocks[0], "the limit of a central document stays as it is"


def test_words_are_searched_and_marked(full: House) -> None:
    at = open_page(full, "search", "duty")
    at.text_input(key="search-text").set_value("死鱼")
    said = text(run(at))
    assert "共 3 条" in said
    assert "<mark>死鱼</mark>" in said
    assert "search" in {entry.what for entry in data.audit_tail(desk_of(full))}


def test_a_search_goes_on_to_the_next_page_and_back(full: House) -> None:
    desk = desk_of(full)
    found = desk.archive.search(Query(text="死鱼")).hits[0].judged
    more = [type(found)(_renamed(found.post, f"more-{n}"), found.judgement) for n in range(30)]
    desk.archive.upsert(more)
    at = open_page(full, "search", "duty")
    at.button(key="search-on").click()
    assert "第 2 页" in text(run(at))
    at.button(key="search-back").click()
    assert "第 2 页" not in text(run(at))


def test_what_a_post_says_never_becomes_markup(full: House) -> None:
    for page, query in (("search", {}), ("triage", {"event": "ev-nasty"})):
        at = open_page(full, page, "duty", **query)
        said = text(at)
        assert NASTY not in said
        assert "&lt;script&gt;" in said
        assert "<img" not in "".join(one.value for one in at.html)
        assert "javascript:" not in said


def test_alerts_are_filtered_by_state(full: House) -> None:
    at = open_page(full, "alerts", "duty")
    at.selectbox(key="alert-state").set_value("muted")
    said = text(run(at))
    assert "已随立案通知告知" in said
    assert "对方服务器拒收" not in said


def test_cases_are_filtered_by_what_is_late(full: House) -> None:
    at = open_page(full, "cases", "duty")
    at.selectbox(key="case-open").set_value("overdue")
    said = text(run(at))
    assert "云栖工地拖欠工资" in said
    assert "虹溪河面漂死鱼" not in said


def test_an_admin_adds_and_disables_a_user(full: House) -> None:
    at = open_page(full, "system", "admin")
    for key, value in (("new-name", "xin"), ("new-display", "新人"), ("new-password", PASSWORD)):
        at.text_input(key=key).set_value(value)
    button(at, "新增").click()
    assert "已新增用户 xin" in text(run(at))
    at.selectbox(key="chosen-user").set_value("xin")
    run(at)
    at.button(key="switch-user").click()
    assert "已停用 xin" in text(run(at))
    assert {user.name: user.disabled for user in data.users(desk_of(full))}["xin"]


def test_a_fault_is_told_by_a_number_and_not_by_its_text(full: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret path /etc")

    monkeypatch.setattr(data, "numbers", fail)
    DESK.append(desk_of(full))
    at = AppTest.from_function(script, default_timeout=20)
    at.session_state["user_name"], at.session_state["signed_in_at"] = "duty", NOW
    at.run()
    assert "编号" in at.error[0].value
    assert "secret" not in text(at)
    assert "云栖工地拖欠工资" in text(at)  # the other parts of the page stand


def test_a_judgement_is_corrected_on_the_page_of_the_post(full: House) -> None:
    assert "改正研判" in text(open_page(full, "triage", "duty", event="ev-noise"))
    at = open_page(full, "post", "duty", id="noise-0")
    assert "没有人改正过" in text(at)
    at.selectbox(key="fix-topic-noise-0").set_value("municipal")
    at.selectbox(key="fix-place-noise-0").set_value("330109")
    button(at, "改正").click()
    assert "请写明改正的理由" in text(run(at))
    at.text_area(key="why-noise-0").set_value("<b>店外经营</b>")
    button(at, "改正").click()
    said = text(run(at))
    assert "已改正，立即生效" in said
    assert "已由人工改正" in said
    assert "&lt;b&gt;店外经营" in said
    found = full.archive.get("noise-0")
    assert found is not None
    assert (found.judgement.topic, found.judgement.place.code) == ("municipal", "330109")
    assert "已由人工改正" in text(open_page(full, "triage", "duty", event="ev-noise"))


def test_what_follows_from_a_correction_is_offered_on_the_page_of_the_case(full: House) -> None:
    at = open_page(full, "post", "duty", id="wages-0")
    at.selectbox(key="fix-severity-wages-0").set_value("4")
    at.text_area(key="why-wages-0").set_value("有人受伤")
    button(at, "改正").click()
    run(at)
    case = case_of(full.ledger, "wages")
    assert case.severity == 3
    at = open_page(full, "case", "duty", id=case.id)
    assert "高于本案的" in text(at)
    button(at, "升级案件").click()
    assert "已升级案件" in text(run(at))
    assert case_of(full.ledger, "wages").severity == 4


def act_on(at: AppTest, case_id: str, verb: str, note: str) -> AppTest:
    at.pills[0].set_value(verb)
    run(at)
    at.text_area(key=f"note-{case_id}-{verb}").set_value(note)
    at.button(key=f"submit-{case_id}-{verb}").click()
    return run(at)


def button(at: AppTest, label: str) -> Any:
    return next(one for one in at.button if one.label == label)


def _renamed(post: Any, post_id: str) -> Any:
    from dataclasses import replace

    return replace(post, id=post_id)
