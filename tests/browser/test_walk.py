"""The paths that a person walks, in a real browser."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Dialog, Page, expect

from alerts.cases import act
from tests.browser.conftest import Site, log_in, open_menu
from tests.dashboard.filled import case_of

pytestmark = pytest.mark.browser

FITS = "() => { const m = document.querySelector('[data-testid=stMain]'); return m.scrollWidth <= m.clientWidth; }"
SAYS = """([where, words]) => { const one = document.querySelector(where); return one
    && getComputedStyle(one).fontSize === "0px" && getComputedStyle(one, "::after").content.includes(words); }"""
ON_TOP = """() => { const one = document.querySelector(".notice"), at = one.getBoundingClientRect();
    return document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2) === one; }"""
MENU = ("总览", "研判台", "案件", "检索", "预警", "系统")


def test_without_a_login_there_is_only_the_form(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/cases")
    expect(page.get_by_label("用户名")).to_be_visible()
    expect(page.get_by_text("演示数据，均为虚构")).to_be_visible()
    page.wait_for_function(ON_TOP)  # not under the logo
    expect(page.get_by_text("云栖工地拖欠工资")).to_have_count(0)
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(0)


def test_a_wrong_password_is_refused(page: Page, site: Site) -> None:
    page.goto(site.url)
    page.get_by_label("用户名").fill("duty")
    page.get_by_label("密码", exact=True).fill("wrong-password")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("用户名或密码不对")).to_be_visible()


def test_a_reload_keeps_the_login_and_a_logout_ends_it(page: Page, site: Site) -> None:
    log_in(page, site.url)
    expect(page.get_by_test_id("stSidebarNavLink").first).to_be_visible()
    page.wait_for_function("document.cookie.includes('minsheng_session=')")
    page.reload()
    expect(page.locator(".tile")).to_have_count(9)
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_label("用户名")).to_be_visible()
    page.reload()
    expect(page.get_by_label("用户名")).to_be_visible()


def test_the_overview_shows_figures_charts_and_sources(page: Page, site: Site) -> None:
    log_in(page, site.url)
    expect(page.locator(".tile")).to_have_count(9)
    expect(
        page.locator('[data-testid="stVegaLiteChart"] canvas, [data-testid="stVegaLiteChart"] svg').first
    ).to_be_visible()
    expect(page.get_by_text("列表页结构变了")).to_be_visible()


def test_a_page_that_is_not_there_says_so_in_chinese(page: Page, site: Site) -> None:
    log_in(page, site.url)
    page.wait_for_function("document.cookie.includes('minsheng_session=')")
    page.goto(f"{site.url}/nowhere")
    title = page.get_by_role("dialog").locator("h2")
    expect(title).to_be_visible()
    page.wait_for_function(SAYS, arg=["section[role=dialog] > h2", "没有这个页面"])


def test_an_office_finds_chinese_words_and_every_action_on_its_page(page: Page, site: Site) -> None:
    case, links = case_of(site.house.ledger, "river"), site.house.post_office.letterhead.links
    assert links is not None
    page.goto(f"{site.url}/office?link={links.make(case.id, case.office, datetime.now(UTC))}")
    page.wait_for_function(SAYS, arg=["[data-testid=stFileUploaderDropzone] button p", "选择文件"])
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 768})
        box = page.get_by_test_id("stButtonGroup").get_by_role("radio", name="备注").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] < width, "an action lies beyond the edge"


def test_a_link_from_a_mail_leads_to_the_case_after_the_login(page: Page, site: Site) -> None:
    case = case_of(site.house.ledger, "river")
    log_in(page, f"{site.url}/case?id={case.id}")
    expect(page.locator("h1").filter(has_text="虹溪河面漂死鱼")).to_be_visible()
    expect(page.get_by_text(case.number).first).to_be_visible()
    assert page.url.endswith(f"/case?id={case.id}")


def test_from_an_event_to_its_case_and_back(page: Page, site: Site) -> None:
    log_in(page, site.url)
    open_menu(page, "研判台")
    page.get_by_role("button", name="虹溪河面漂死鱼").click()
    expect(page).to_have_url(f"{site.url}/triage?event=ev-river")
    expect(page.locator(".post mark").first).to_be_visible()
    page.locator('[class*="st-key-row-its-"] a').click()
    expect(page.locator("h1").filter(has_text="虹溪河面漂死鱼")).to_be_visible()
    page.go_back()
    expect(page.locator("h1").filter(has_text="研判台")).to_be_visible()
    expect(page).to_have_url(f"{site.url}/triage?event=ev-river")


def test_what_is_being_typed_stays_while_the_page_refreshes_itself(page: Page, site: Site) -> None:
    case = case_of(site.house.ledger, "river")
    log_in(page, f"{site.url}/case?id={case.id}", "duty")
    page.get_by_test_id("stButtonGroup").get_by_text("备注", exact=True).click()
    box = page.get_by_label("理由或内容（必填）")
    box.press_sequentially("正在核实")
    with site.house.ledger.begin() as tx:
        tx.cases.save(*act(case, "note", "admin", datetime.now(UTC), "另一位先记了一笔"))
    expect(page.get_by_role("button", name="案件刚有更新，点此刷新")).to_be_visible()  # so it has refreshed itself
    expect(box).to_have_value("正在核实")


def test_a_case_is_answered_and_the_second_to_answer_is_told(page: Page, site: Site) -> None:
    case = case_of(site.house.ledger, "wages")
    log_in(page, f"{site.url}/case?id={case.id}", "duty")
    page.get_by_test_id("stButtonGroup").get_by_text("答复", exact=True).click()
    page.get_by_label("理由或内容（必填）").fill("工资已发放")
    with site.house.ledger.begin() as tx:
        tx.cases.save(*act(case, "start", "admin", datetime.now(UTC)))
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(page.get_by_text("别人刚刚改过，已刷新")).to_be_visible()
    page.get_by_test_id("stButtonGroup").get_by_text("答复", exact=True).click()
    expect(page.get_by_label("理由或内容（必填）")).to_have_value("工资已发放")
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(page.get_by_text("已记录：答复")).to_be_visible()
    assert case_of(site.house.ledger, "wages").state == "answered"


def test_a_judgement_is_corrected_from_the_case_and_stands_at_once(page: Page, site: Site) -> None:
    case = case_of(site.house.ledger, "river")
    log_in(page, f"{site.url}/case?id={case.id}", "duty")
    page.get_by_role("link", name="改正研判").first.click()
    expect(page.locator("h1").filter(has_text="信息")).to_be_visible()
    page.locator('[class*="st-key-fix-intent-"] input').click()
    page.get_by_role("option", name="举报", exact=True).click()
    page.get_by_label("理由（有改动时必填）").fill("说的是偷排")
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(page.get_by_text("已改正，立即生效")).to_be_visible()
    expect(page.locator(".post").get_by_text("已由人工改正")).to_be_visible()
    expect(page.get_by_text("投诉 → 举报")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_function(FITS)


def test_nothing_that_a_post_says_is_run(page: Page, site: Site) -> None:
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    log_in(page, f"{site.url}/triage?event=ev-nasty")
    expect(page.locator(".post .body")).to_contain_text('<script>alert("x")</script>')
    assert page.locator(".post script, .post b, .post img, .post a").count() == 0
    assert dialogs == []


@pytest.mark.parametrize("width", [390, 1280, 1600])
def test_nothing_is_wider_than_the_window(page: Page, site: Site, width: int) -> None:
    log_in(page, site.url)
    for name in MENU:
        page.set_viewport_size({"width": 1280, "height": 900})
        open_menu(page, name)
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(FITS)  # charts take a moment to follow the window
