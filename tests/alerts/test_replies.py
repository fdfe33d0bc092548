"""What an office's mail does to a case, and that nothing is lost."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.attachments import PER_CASE, Checked, checked, keep, place_of, safe_name
from alerts.ledger import Ledger
from alerts.ledger.mails import Mail
from alerts.mail_reading import read_mail
from alerts.notify.ask import which_case
from alerts.replies import Desk, Outcome, take_in
from stream.errors import MinshengError
from tests.alerts.answering import MAIL, bounce, reply
from tests.alerts.mailing import LETTERHEAD, NOW, make_action, make_alert, make_case, make_catalog, make_event

PDF = b"%PDF-1.7 invented"


def fill(ledger: Ledger, cases: int = 1, **changes: Any) -> None:
    with ledger.begin() as tx:
        for n in range(1, cases + 1):
            tx.events.save([make_event(n)], {f"e{n}": b""})
            case = replace(make_case(n), **{"state": "dispatched", **changes})
            tx.cases.open(case, make_action(case))
            tx.alerts.add([make_alert(n)])
            tx.alerts.mark_sent([f"new_case:c{n}"], NOW)
        names = [str(n) for n in range(1, cases + 1)]
        mail = Mail(MAIL, "renshe", NOW, tuple(f"c{n}" for n in names), tuple(f"new_case:c{n}" for n in names))
        tx.mails.begin(mail)
        tx.mails.told(MAIL, ["renshe@town.example"], NOW)


def take(ledger: Ledger, raw: bytes, kept: list[Checked] | None = None) -> Outcome:
    store = [] if kept is None else kept
    desk = Desk(make_catalog(), lambda text: text.replace("13800000000", "[电话]"), store.append)
    return take_in(ledger, desk, read_mail(raw), "7:1", NOW + timedelta(hours=1))


def items(ledger: Ledger) -> list[str]:
    with ledger.read() as tx:
        return [item.kind for item in tx.replies.open_items()]


def last(ledger: Ledger) -> tuple[str, str, str]:
    with ledger.read() as tx:
        action = tx.cases.actions("c1")[-1]
    return action.actor, action.verb, action.note


def test_an_answer_by_mail_is_the_office_s_answer(ledger: Ledger) -> None:
    fill(ledger)
    assert take(ledger, reply("已核实，周五发放。\n> 现有 1 件")) == Outcome("answer", "renshe", "c1")
    assert last(ledger) == ("renshe", "answer", "已核实，周五发放。")
    with ledger.read() as tx:
        case = tx.cases.get("c1")
        assert case is not None
        assert case.state == "answered"
        assert case.clocks[0].done_at is not None
    assert items(ledger) == []


def test_personal_numbers_are_masked(ledger: Ledger) -> None:
    fill(ledger)
    take(ledger, reply("请联系张某 13800000000"))
    assert last(ledger)[2] == "请联系张某 [电话]"


def test_a_deputy_may_answer_and_capitals_do_not_matter(ledger: Ledger) -> None:
    fill(ledger)
    assert take(ledger, reply(sender="虚构 <Deputy@Town.Example>")).what == "answer"


def test_the_same_mail_is_handled_once(ledger: Ledger) -> None:
    fill(ledger)
    assert [take(ledger, reply()).what for _ in range(2)] == ["answer", "copy"]
    with ledger.read() as tx:
        assert len(tx.cases.actions("c1")) == 2


def test_a_second_answer_is_a_note(ledger: Ledger) -> None:
    fill(ledger)
    assert [take(ledger, reply(number=n)).what for n in (1, 2)] == ["answer", "note"]


@pytest.mark.parametrize("state", ["closed", "objected", "answered"])
def test_where_no_answer_is_waited_for_it_is_a_note(ledger: Ledger, state: str) -> None:
    fill(ledger, state=state)
    assert take(ledger, reply()).what == "note"


def test_a_mail_of_several_cases_must_say_which(ledger: Ledger) -> None:
    fill(ledger, 2)
    asked = take(ledger, reply())
    assert (asked.what, asked.ask) == ("which_case", ("MS-20261125-0001", "MS-20261125-0002"))
    assert items(ledger) == ["which_case"]
    assert take(ledger, reply("MS-20261125-0001 和 ms-20261125-0002 都已办", number=2)).what == "which_case"
    assert take(ledger, reply("ms-20261125-0001 已核实", number=3)) == Outcome("answer", "renshe", "c1")
    assert take(ledger, reply("MS-20261125-0009 已核实", number=4)).what == "which_case"


def test_the_question_goes_back_to_who_wrote() -> None:
    message, to = which_case(LETTERHEAD, read_mail(reply()), ["MS-20261125-0001"], NOW)
    assert to == "renshe@town.example"
    assert message["In-Reply-To"] == "<answer-1@office.example>"
    assert message["Auto-Submitted"] == "auto-replied"
    assert "MS-20261125-0001" in message.get_content()
    assert (
        which_case(replace(LETTERHEAD, redirect_to="us@town.example"), read_mail(reply()), [], NOW)[1]
        == "us@town.example"
    )


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (reply(to=""), "unmatched"),
        (reply(to=f"<{'00' * 16}@minsheng.town.example>"), "unmatched"),
        (reply(sender="spy@evil.example"), "stranger"),
        (reply(sender="gov@town.example"), "stranger"),
        (reply("> 只有引用"), "empty"),
    ],
)
def test_what_cannot_be_matched_lies_before_duty_staff(ledger: Ledger, raw: bytes, kind: str) -> None:
    fill(ledger)
    assert take(ledger, raw).what == kind
    assert items(ledger) == [kind]
    assert last(ledger)[0] == "system"


def test_after_a_redispatch_the_former_office_cannot_answer(ledger: Ledger) -> None:
    fill(ledger, office="gov")
    assert take(ledger, reply()).what == "moved"
    assert items(ledger) == ["moved"]


def test_programs_do_not_answer(ledger: Ledger) -> None:
    fill(ledger)
    assert take(ledger, reply(subject="自动回复：出差")).what == "auto"
    assert last(ledger)[0] == "system"
    assert items(ledger) == []


def test_a_mail_that_came_back_from_all_has_failed(ledger: Ledger) -> None:
    fill(ledger)
    assert take(ledger, bounce()).what == "bounce"
    with ledger.read() as tx:
        alert = tx.alerts.get("new_case:c1")
        assert alert is not None
        assert (alert.state, alert.why_not) == ("failed", "邮件被退回: 5.1.1 550 no such user here")
    assert items(ledger) == ["bounce"]


def test_a_mail_that_came_back_from_one_has_reached_the_others(ledger: Ledger) -> None:
    fill(ledger)
    with ledger.begin() as tx:
        tx.mails.told(MAIL, ["deputy@town.example"], NOW)
    take(ledger, bounce())
    with ledger.read() as tx:
        alert = tx.alerts.get("new_case:c1")
    assert alert is not None
    assert alert.state == "sent"


def test_a_delay_is_no_failure(ledger: Ledger) -> None:
    fill(ledger)
    assert take(ledger, bounce(action="delayed", status="4.4.1")).what == "delayed"
    assert items(ledger) == []


def test_files_of_an_answer_are_kept(ledger: Ledger) -> None:
    fill(ledger)
    kept: list[Checked] = []
    raw = reply(files=(("回执.pdf", PDF), ("x.exe", b"MZ")))
    assert take(ledger, raw, kept).what == "answer"
    assert [one.content for one in kept] == [PDF]
    assert "（附件：回执.pdf）" in last(ledger)[2]
    with ledger.read() as tx:
        assert [file.name for file in tx.replies.files("c1")] == ["回执.pdf"]
    assert items(ledger) == ["file"]


def test_there_is_a_limit_to_the_files_of_a_case(ledger: Ledger) -> None:
    fill(ledger)
    kept: list[Checked] = []
    for n in range(3):
        files = tuple((f"{n}-{m}.pdf", PDF + bytes([n, m])) for m in range(10))
        take(ledger, reply(number=n, files=files), kept)
    assert len(kept) == PER_CASE


def document(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name in ("[Content_Types].xml", *names):
            file.writestr(name, "x")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b""),
        ("a.pdf", b"MZ not a pdf"),
        ("a.exe", PDF),
        ("a.html", b"<html>"),
        ("a.svg", b"<svg>"),
        ("a", PDF),
        ("a.docx", b"PK\x03\x04 broken"),
        ("a.docx", document("xl/workbook.xml")),
        ("a.docx", document("word/document.xml", "word/vbaProject.bin")),
        ("a.xlsm", document("xl/workbook.xml")),
        ("a.pdf", PDF + b"x" * (2 << 20)),
    ],
)
def test_what_is_not_a_plain_document_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(MinshengError):
        checked(name, content, 1)


def test_plain_documents_are_kept_under_their_hash(tmp_path: Path) -> None:
    for name, content in (
        ("回执.PDF", PDF),
        ("a.docx", document("word/document.xml")),
        ("b.png", b"\x89PNG\r\n\x1a\nx"),
    ):
        file = checked(name, content, 1)
        keep(tmp_path, file)
        keep(tmp_path, file)
        place = place_of(tmp_path, file.hash)
        assert place.read_bytes() == content
        assert place.name == file.hash
        assert not place.stat().st_mode & 0o111


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\a\\b.pdf", "b.pdf"),
        ('a"\r\nX: 1;.pdf', "a_ X_ 1_.pdf"),
        ("..", "附件"),
        ("", "附件"),
        ("长" * 200 + ".pdf", "长" * 71 + "….pdf"),
    ],
)
def test_names_of_files_are_harmless(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize("name", ["../x", "", "g" * 64])
def test_only_a_hash_is_a_place(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="hash"):
        place_of(tmp_path, name)
