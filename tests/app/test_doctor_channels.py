"""The doctor on mail, mailbox and bots: each is tried with its account, and nobody is written to."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from app.doctor_channels import check_chats, check_mail, check_mailbox
from app.finding import Finding
from app.wire import House, open_house
from tests.alerts import chatting, imap_double

HOST = "127.0.0.1"


def house_of(folder: Path, **settings: str) -> House:
    return open_house({"MINSHENG_DATA": str(folder), **{f"MINSHENG_{name}": one for name, one in settings.items()}})


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


# ---- mail ----


class NobodyWrites:
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raise AssertionError("a mail was sent")


def mail(folder: Path, password: str) -> Finding:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        return AuthResult(success=isinstance(data, LoginPassword) and data.password == b"right", handled=False)

    controller = Controller(NobodyWrites(), HOST, free_port(), authenticator=check, auth_require_tls=False)
    controller.start()
    try:
        account = {"MAIL__USER": "minsheng", "MAIL__PASSWORD": password} if password else {}
        where = {"MAIL__HOST": HOST, "MAIL__PORT": str(controller.port), "MAIL__SECURITY": "none"}
        (found,) = check_mail(house_of(folder, **where, **account))
    finally:
        controller.stop()
    return found


def test_the_account_of_the_mail_server_is_tried(tmp_path: Path) -> None:
    assert mail(tmp_path, "right").what.endswith("可登录")
    wrong = mail(tmp_path, "wrong")
    assert "登录失败" in wrong.what
    assert "mail.user" in wrong.advice
    assert mail(tmp_path, "").what.endswith("有应答 (未设账号)")


def test_a_mail_server_that_is_away_is_a_problem_and_none_is_none(tmp_path: Path) -> None:
    (away,) = check_mail(house_of(tmp_path, MAIL__HOST=HOST, MAIL__PORT="9", MAIL__SECURITY="none"))
    assert "无法连接" in away.what
    assert away.advice
    (none,) = check_mail(house_of(tmp_path))
    assert ("outbox" in none.what, none.advice) == (True, "")


# ---- the mailbox ----


@pytest.mark.parametrize(
    ("password", "folder", "says", "is_well"),
    [
        ("right", "INBOX", "可登录，文件夹 INBOX 可读", True),
        ("wrong", "INBOX", "不可用", False),
        ("right", "Answers", "不可用", False),
    ],
)
def test_the_mailbox_is_opened_and_nothing_in_it_is_touched(
    tmp_path: Path, password: str, folder: str, says: str, is_well: bool
) -> None:
    with imap_double.serving() as box:
        box.put(b"Subject: x\r\n\r\nx")
        account = {"IMAP__USER": "minsheng", "IMAP__PASSWORD": password, "IMAP__FOLDER": folder}
        where = {"IMAP__HOST": HOST, "IMAP__PORT": str(box.port), "IMAP__SECURITY": "none"}
        (found,) = check_mailbox(house_of(tmp_path, **where, **account))
    assert says in found.what
    assert bool(found.advice) is not is_well
    assert password not in found.what
    assert (box.seen, box.fetched) == ([], [])


def test_without_a_mailbox_nothing_is_wrong(tmp_path: Path) -> None:
    (found,) = check_mailbox(house_of(tmp_path))
    assert found.advice == ""


# ---- bots ----


def test_every_bot_is_asked_once_and_none_speaks(tmp_path: Path) -> None:
    bots = {"renshe": ["wecombot://Key-1", "dingtalk://Token1"], "gongan": "wecombot://Key-1"}
    with chatting.serving() as service:
        service.answers = [(200, {"errcode": 40008, "errmsg": "invalid"}), (200, {"errcode": 300005, "errmsg": "none"})]
        where = {"CHAT__THROUGH": service.address, "CHAT__PRIVATE": "true", "CHAT__BOTS": json.dumps(bots)}
        well, broken = check_chats(house_of(tmp_path, **where))
    assert "群机器人 人力资源和社会保障局 (wecombot" in well.what
    assert (well.advice, "300005" in broken.what) == ("", True)
    assert "MINSHENG_CHAT__BOTS" in broken.advice
    assert [body for _, body in service.asked] == [{}, {}]
    assert not any(secret in f"{well}{broken}" for secret in ("Key-1", "Token1"))


def test_a_bot_that_is_none_is_named_by_its_place_alone(tmp_path: Path) -> None:
    (found,) = check_chats(house_of(tmp_path, CHAT__BOTS='{"renshe": "https://evil.example/hook/Secret"}'))
    assert "chat.bots renshe" in found.what
    assert "Secret" not in f"{found}"
    assert found.advice


def test_without_bots_nothing_is_said(tmp_path: Path) -> None:
    assert list(check_chats(house_of(tmp_path))) == []
