"""What is in a mail: headers that nobody can break, and all that an office must know."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.links import Links, OfficeLink
from alerts.notify.chat_text import chat_text
from alerts.notify.clean import web_link
from alerts.notify.compose import ALERTS_HEADER, IN_FULL, compose, recipients
from alerts.notify.notice import Letterhead, Notice, OfficeAddress, mail_id_of
from alerts.notify.outbox import OutboxFolder
from alerts.notify.words import remaining, span
from stream.errors import NotifyError
from tests.alerts.mailing import (
    LETTERHEAD,
    NOW,
    OFFICE,
    make_alert,
    make_case,
    make_clock,
    make_event,
    make_notice,
    make_quote,
)


def read(*notices: Notice, letterhead: Letterhead = LETTERHEAD, office: OfficeAddress = OFFICE) -> EmailMessage:
    """The mail as the receiver's program reads it."""
    raw = compose(letterhead, office, notices, mail_id_of(item.alert.id for item in notices), NOW).as_bytes()
    return message_from_bytes(raw, policy=policy.default)


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_the_subject_names_the_gravest_place_and_number() -> None:
    mild = make_notice(2, alert=make_alert(2, severity=2, title="路灯不亮"))
    assert read(mild, make_notice(1))["Subject"] == "【舆情预警·特别严重】金华市义乌市 云溪苑工地拖欠三十人工资 等2件"


def test_the_subject_of_a_reminder_says_so() -> None:
    late = make_notice(1, alert=make_alert(kind="overdue", severity=3, title="义乌市某工地欠薪"))
    assert read(late)["Subject"] == "【舆情预警·超期提醒·严重】义乌市某工地欠薪"


@pytest.mark.parametrize("kind", ["plain", "html"])
@pytest.mark.parametrize(
    "said",
    [
        "云溪苑工地拖欠三十人工资",
        "MS-20261125-0001",
        "24小时内12条信息反映同一问题",
        "12 条，来自 2 个来源",
        "首条 2026-11-23 14:30",
        "金华市义乌市",
        "特别严重",
        "较大（据原文所述数字，待核实）",
        "老板说再等等，我们等了四个月。",
        "留言板",
        "http://board.example/1",
        "2026-11-27 14:30",
        "还剩 48 小时",
        "国办发〔2016〕61号",
        "事项属于工资拖欠",
        "保障农民工工资支付条例第七条",
        "派单目录·工资",
        "住房和城乡建设局",
        "http://desk.example/app/case?id=c1",
    ],
)
def test_both_parts_tell_everything(kind: str, said: str) -> None:
    assert said in text_of(read(make_notice(1)), kind)


def test_what_a_title_says_is_shown_and_never_run() -> None:
    evil = make_notice(
        1, alert=make_alert(title="<script>alert(1)</script>停水"), quotes=(make_quote(text="<img src=x>"),)
    )
    html = text_of(read(evil), "html")
    assert "<script>" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;停水" in html


def test_a_title_cannot_add_a_header() -> None:
    evil = make_notice(1, alert=make_alert(title="停水\r\nBcc: spy@evil.example\u2028X\u202ez"))
    message = read(evil)
    assert message["Bcc"] is None
    assert message["Subject"].endswith("停水 Bcc: spy@evil.exampleXz")


def test_an_office_name_cannot_add_a_recipient() -> None:
    office = replace(OFFICE, name='x" <spy@evil.example>, "\r\nBcc: spy@evil.example')
    message = read(make_notice(1, alert=make_alert(severity=2)), office=office)
    assert [address.addr_spec for address in message["To"].addresses] == ["renshe@town.example"]
    assert message["Bcc"] is None


def test_a_wrong_address_is_named_and_not_tried_again() -> None:
    with pytest.raises(NotifyError, match="不是地址") as caught:
        read(make_notice(1), office=replace(OFFICE, emails=("不是地址",)))
    assert not caught.value.retryable


def test_a_long_chinese_subject_survives_the_journey() -> None:
    title = "一二三四五六七八九十" * 8
    assert read(make_notice(1, alert=make_alert(title=title)))["Subject"].startswith(
        "【舆情预警·特别严重】金华市义乌市 一二三"
    )


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.example/x?y=1", True),
        ("http://a.example", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("http://", False),
        ("//a.example/x", False),
        ("http://[bad", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(url: str, kept: bool) -> None:
    assert bool(web_link(url)) is kept


def test_deputies_get_a_copy_of_what_is_grave_or_overdue() -> None:
    assert recipients(LETTERHEAD, OFFICE, [make_notice(1)]) == (OFFICE.emails, OFFICE.deputies)
    late = make_notice(1, alert=make_alert(kind="overdue", severity=1))
    assert recipients(LETTERHEAD, OFFICE, [late])[1] == OFFICE.deputies
    assert recipients(LETTERHEAD, OFFICE, [make_notice(1, alert=make_alert(severity=3))])[1] == ()


def test_recipients_never_see_each_other() -> None:
    office = replace(OFFICE, emails=("one@town.example", "two@town.example"))
    raw = compose(LETTERHEAD, office, [make_notice(1)], "ab" * 16, NOW).as_bytes()
    message = message_from_bytes(raw, policy=policy.default)
    assert message["To"].addresses == ()
    assert [group.display_name for group in message["To"].groups] == [office.name]
    assert message["Cc"] is None
    assert message["Bcc"] is None
    for address in (*office.emails, *office.deputies):
        assert address.encode() not in raw
        assert address not in text_of(message, "html") + text_of(message)


@given(st.text(max_size=200), st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_text_adds_a_header_or_a_recipient(title: str, name: str, place: str, reason: str) -> None:
    evil = make_notice(
        1,
        alert=make_alert(title=title + "\r\nBcc: spy@evil.example", reason=reason),
        event=make_event(place=place + "\nX-Evil: 1"),
        case=replace(make_case(place=place), number="MS-1\r\nX-Evil: 1"),
    )
    message = read(evil, office=replace(OFFICE, name=f"{name}\r\nX-Evil: 1", deputies=()))
    wanted = ("From", "To", "Subject", "Date", "Message-ID", ALERTS_HEADER, "Auto-Submitted", "Importance")
    assert sorted(key for key in message if key not in ("MIME-Version", "Content-Type")) == sorted(wanted)
    assert [address.addr_spec for address in message["To"].addresses] == ["renshe@town.example"]
    assert len(message["Subject"]) <= 80


def test_the_days_of_the_event_are_a_picture_in_the_mail() -> None:
    event = make_event(daily={"2026-11-23": 2, "2026-11-25": 10})
    message = read(make_notice(1, event=event))
    html = message.get_body(("html",))
    assert html is not None
    (name,) = re.findall(r'src="cid:([^"]+)"', text_of(message, "html"))
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert [part["Content-ID"] for part in pictures] == [f"<{name}>"]
    assert pictures[0].get_content().startswith(b"\x89PNG")
    assert pictures[0].get_content_disposition() == "inline"
    assert "每日信息数：11-23 2 条，11-25 10 条" in text_of(message)
    assert compose(LETTERHEAD, OFFICE, [make_notice(1, event=event)], "a", NOW).get_body(("html",)) is not None


def test_one_day_makes_no_picture() -> None:
    message = read(make_notice(1, event=make_event(daily={"2026-11-25": 3})))
    assert not [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert "cid:" not in text_of(message, "html")


def test_the_office_that_leads_gets_a_link_that_lets_it_act() -> None:
    links = Links(b"secret", days=30)
    letterhead = replace(LETTERHEAD, links=links)
    (token,) = re.findall(r"office\?link=([\w.-]+)", text_of(read(make_notice(1), letterhead=letterhead)))
    link = links.read(token, NOW)
    assert isinstance(link, OfficeLink)
    assert (link.case_id, link.office) == ("c1", "renshe")
    above = replace(OFFICE, id="gov", name="政府办")
    for told in (text_of(read(make_notice(1), letterhead=letterhead, office=above)), text_of(read(make_notice(1)))):
        assert "office?link=" not in told
        assert "case?id=c1" in told


def test_a_closed_case_has_no_link() -> None:
    letterhead = replace(LETTERHEAD, links=Links(b"secret", days=30))
    assert "office?link=" not in text_of(read(make_notice(1, case=make_case(state="closed")), letterhead=letterhead))


def test_who_may_answer_by_mail_is_told_so() -> None:
    letterhead = replace(LETTERHEAD, replies=True)
    assert "可直接回复本邮件答复" in text_of(read(make_notice(1), letterhead=letterhead))
    assert "请写明案件编号" in text_of(read(make_notice(1), make_notice(2), letterhead=letterhead))
    assert "回复本邮件" not in text_of(read(make_notice(1)))


def test_a_redirected_mail_goes_to_us_and_names_the_true_recipients() -> None:
    message = read(make_notice(1), letterhead=replace(LETTERHEAD, redirect_to="us@town.example"))
    assert [address.addr_spec for address in message["To"].addresses] == ["us@town.example"]
    assert message["Cc"] is None
    for kind in ("plain", "html"):
        assert "renshe@town.example, deputy@town.example" in text_of(message, kind)


def test_the_demo_says_that_all_is_invented() -> None:
    shown = read(make_notice(1), letterhead=replace(LETTERHEAD, demo=True))
    assert all("演示数据，均为虚构" in text_of(shown, kind) for kind in ("plain", "html"))
    assert "演示数据" not in text_of(read(make_notice(1)))


def test_a_full_mail_lists_every_alert_and_stays_small() -> None:
    notices = [make_notice(number, alert=make_alert(number)) for number in range(1, 60)]
    message = read(*notices)
    for kind in ("plain", "html"):
        links = re.findall(r"case\?id=(c\d+)", text_of(message, kind))
        assert set(links) == {f"c{number}" for number in range(1, 60)}
    assert f"其余 {59 - IN_FULL} 件" in text_of(message)
    assert len(text_of(message, "html").encode()) < 102_000


def test_all_that_is_told_of_one_case_comes_together() -> None:
    reminder = make_alert(1, id="due_soon:c1", kind="due_soon", reason="时限将于 18:00 到期")
    message = read(make_notice(1), make_notice(1, alert=reminder))
    assert "件" not in message["Subject"]
    for kind in ("plain", "html"):
        assert "现有 1 件" in text_of(message).replace("<b>", "")
        assert text_of(message, kind).count("case?id=c1") == 1
        assert "新立案件、临期提醒" in text_of(message, kind)
        assert "时限将于 18:00 到期" in text_of(message, kind)


def test_an_alert_without_case_and_event_can_be_told() -> None:
    bare = Notice(alert=make_alert(case_id="", event_id="", figures={}))
    assert "未能从原文识别" in text_of(read(bare), "html")


def test_clocks_say_what_is_left_late_and_done() -> None:
    clocks = (
        make_clock(due=-2),
        make_clock(due=1.5),
        make_clock(due=5, done=-1),
        make_clock(due=-3, done=-1),
        make_clock(provisional=True),
    )
    text = text_of(read(make_notice(1, case=make_case(clocks=clocks))))
    assert "已超 2 小时" in text
    assert "还剩 1 小时 30 分" in text
    assert "已完成 2026-11-25 13:30（依据" in text
    assert "已完成 2026-11-25 13:30（超期）" in text
    assert "节假日安排尚未公布" in text


def test_the_clock_that_runs_out_first_stands_first_and_is_the_one_that_a_chat_tells() -> None:
    clocks = (
        make_clock(name="签收", due=1, done=-1),
        make_clock(name="办结", due=360),
        make_clock(name="回应", due=48),
    )
    notice = make_notice(1, case=make_case(clocks=clocks))
    text = text_of(read(notice))
    assert text.index("回应") < text.index("办结") < text.index("签收")
    assert "回应：2026-11-27 14:30 前" in chat_text(LETTERHEAD, OFFICE, [notice], NOW)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (5, "5 分钟"),
        (60, "1 小时"),
        (90, "1 小时 30 分"),
        (2790, "46 小时 30 分"),
        (4320, "3 天"),
        (6120, "4 天 6 小时"),
    ],
)
def test_spans_are_said_as_people_do(minutes: int, said: str) -> None:
    assert span(timedelta(minutes=minutes)) == said


def test_a_clock_that_runs_out_this_instant_is_over() -> None:
    assert remaining(NOW, NOW) == remaining(NOW, NOW + timedelta(seconds=59)) == "刚刚到期"
    assert remaining(NOW, NOW + timedelta(seconds=60)) == "已超 1 分钟"
    assert remaining(NOW, NOW - timedelta(seconds=1)) == "即将到期"


def test_the_same_alerts_have_the_same_message_id_in_any_order() -> None:
    first, second = make_notice(1), make_notice(2)
    message_id = read(first, second)["Message-ID"]
    assert message_id == read(second, first)["Message-ID"] != read(first)["Message-ID"]
    assert re.fullmatch(r"<[0-9a-f]{32}@minsheng\.town\.example>", message_id)


def test_the_outbox_keeps_one_file_per_mail(tmp_path: Path) -> None:
    box = OutboxFolder(tmp_path / "outbox", LETTERHEAD)
    box.send(OFFICE, [make_notice(1)], NOW)
    box.send(OFFICE, [make_notice(1)], NOW + timedelta(minutes=11))
    box.send(OFFICE, [make_notice(2)], NOW)
    files = sorted((tmp_path / "outbox").iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]


def test_an_outbox_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(NotifyError, match="无法写入") as caught:
        OutboxFolder(tmp_path / "outbox", LETTERHEAD).send(OFFICE, [make_notice(1)], NOW)
    assert caught.value.retryable


def test_the_date_header_is_shanghai_time() -> None:
    sent = read(make_notice(1))["Date"].datetime
    assert sent == datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
    assert sent.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_only_who_can_object_is_told_how(kind: str) -> None:
    objects = "提出派单异议并说明理由"
    with_link = replace(LETTERHEAD, links=Links(b"secret", days=30))
    assert objects in text_of(read(make_notice(1), letterhead=with_link), kind)
    above = OfficeAddress("gov", "政府办公室", ("gov@x.example",))
    notice = make_notice(1, alert=make_alert(office="gov"))
    assert objects not in text_of(read(notice, office=above, letterhead=with_link), kind)


def test_what_is_for_staff_alone_is_not_told_to_an_office() -> None:
    notice = make_notice(1, case=make_case(why=("按派单规则，由人社局主办。", "派单规则版本 afbd32b3ae5a。")))
    assert "由人社局主办" in text_of(read(notice))
    assert "afbd32b3ae5a" not in text_of(read(notice))


def test_a_place_that_is_only_the_province_is_no_place() -> None:
    event = make_event(place="浙江省", region="330000")
    message = read(make_notice(1, event=event, case=make_case(place="浙江省", region="330000")))
    assert "浙江省" not in str(message["Subject"])
    assert "浙江省（未能定位到市县，请核实）" in text_of(message, "plain")
