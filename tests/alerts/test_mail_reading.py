"""What is read out of a mail that came in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.mail_reading import new_text, read_mail
from tests.alerts.answering import MAIL, OURS, bounce, reply


def test_an_answer_names_the_mail_that_it_answers() -> None:
    mail = read_mail(reply("已核实。"))
    assert (mail.id, mail.sender, mail.answers, mail.text) == (
        "<answer-1@office.example>",
        "renshe@town.example",
        (MAIL,),
        "已核实。",
    )
    assert not mail.automatic
    assert mail.bounces == ()


def test_the_nearest_of_several_mails_comes_first() -> None:
    older = f"<{'cd' * 16}@minsheng.town.example>"
    raw = reply(to="").replace(b"Message-ID", f"References: {older} {OURS}\r\nMessage-ID".encode())
    assert read_mail(raw).answers == (MAIL, "cd" * 16)


@pytest.mark.parametrize(
    "quoted",
    [
        "> 现有 1 件舆情",
        "＞ 现有 1 件舆情",
        "在 2026年11月25日 14:30，民声 <minsheng@town.example> 写道：\n现有 1 件舆情",
        "On Wed, Nov 25, 2026 at 2:30 PM Minsheng <minsheng@town.example> wrote:\n现有 1 件舆情",
        "------------------ 原始邮件 ------------------\n发件人: 民声\n现有 1 件舆情",
        "-----Original Message-----\nFrom: Minsheng\n现有 1 件舆情",
        "发件人：民声\n发送时间：2026年11月25日\n现有 1 件舆情",
        "From: Minsheng\nSent: Wednesday\n现有 1 件舆情",
        "________________________________\n现有 1 件舆情",
        "--\n人社局办公室\n现有 1 件舆情",
    ],
)
def test_what_is_quoted_is_cut_off(quoted: str) -> None:
    assert new_text(f"已核实，周五发放。\n请知悉。\n\n{quoted}") == "已核实，周五发放。\n请知悉。"


def test_a_page_is_read_without_its_quotation() -> None:
    html = "<p>已核实&nbsp;，<b>周五</b>发放</p><style>x{}</style><blockquote><p>现有 1 件</p></blockquote><script>alert(1)</script>"
    assert read_mail(reply(html=html)).text == "已核实 ，周五发放"


@pytest.mark.parametrize(
    ("name", "value"),
    [("Auto_Submitted", "auto-replied"), ("Precedence", "bulk"), ("X_Autoreply", "yes"), ("List_Id", "<all.example>")],
)
def test_programs_are_told_from_people(name: str, value: str) -> None:
    assert read_mail(reply(**{name: value})).automatic
    assert not read_mail(reply(Auto_Submitted="no")).automatic


@pytest.mark.parametrize("subject", ["自动回复：舆情预警", "Automatic reply: x", "Out of Office", "自动答复: 出差"])
def test_subjects_of_absence_are_automatic(subject: str) -> None:
    assert read_mail(reply(subject=subject)).automatic


def test_a_mail_that_came_back_says_from_whom_and_why() -> None:
    mail = read_mail(bounce())
    (one,) = mail.bounces
    assert (one.address, one.why, one.final) == ("renshe@town.example", "5.1.1 550 no such user here", True)
    assert mail.answers == (MAIL,)
    assert not read_mail(bounce(action="delayed", status="4.4.1")).bounces[0].final


def test_a_report_without_a_form_is_one_too() -> None:
    raw = reply("无法投递", sender="postmaster@town.example", to="", subject="退信")
    assert [one.address for one in read_mail(raw).bounces] == [""]


def test_a_mail_with_two_authors_has_no_sender() -> None:
    assert read_mail(reply(sender="renshe@town.example, spy@evil.example")).sender == ""


def test_a_mail_without_an_id_is_known_by_its_bytes() -> None:
    raw = reply().replace(b"Message-ID: <answer-1@office.example>\r\n", b"")
    assert read_mail(raw).id == read_mail(raw).id
    assert read_mail(raw).id.startswith("sha256:")


def test_files_come_with_their_names() -> None:
    assert read_mail(reply(files=(("回执.pdf", b"%PDF-1"),))).files == (("回执.pdf", b"%PDF-1"),)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    assert read_mail(raw).id


@given(
    st.binary(max_size=200),
    st.sampled_from(["From", "Subject", "In-Reply-To", "Content-Type", "Content-Transfer-Encoding"]),
)
def test_no_header_breaks_the_reader(value: bytes, name: str) -> None:
    broken = value.replace(b"\r", b" ").replace(b"\n", b" ")
    assert read_mail(name.encode() + b": " + broken + b"\r\n\r\nhello").id
