"""Group bots over a real HTTP dialogue with a server on loopback that fails on command."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from alerts.notify import chat as chat_module
from alerts.notify.bots import bots_of
from alerts.notify.chat import Chat, bot_address
from alerts.notify.chat_text import LONGEST, chat_text
from stream.errors import MinshengError, NotifyError
from tests.alerts.chatting import Service, serving
from tests.alerts.mailing import LETTERHEAD, NOW, OFFICE, make_alert, make_catalog, make_event, make_notice

BOTS = ("dingtalk://SECabc@Token1/", "wecombot://Key-1/", "feishu://Hook-1/")


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as running:
        yield running


def chat(service: Service, timeout: float = 5.0) -> Chat:
    return Chat(timeout=timeout, through=service.address, private=True)


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("https://oapi.dingtalk.com/robot/send?access_token=AbC123", "dingtalk://AbC123/"),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=ab-CD-12", "wecombot://ab-CD-12/"),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/ab-CD", "feishu://ab-CD/"),
        ("dingtalk://Secret1@Token1", "dingtalk://Secret1@Token1/"),
        ("wecombot://Key-1/", "wecombot://Key-1/"),
        ("http://oapi.dingtalk.com/robot/send?access_token=a", ""),
        ("https://evil.example/robot/send?access_token=a", ""),
        ("https://oapi.dingtalk.com/robot/send", ""),
        ("json://127.0.0.1/", ""),
        ("mailto://a@b.example", ""),
        ("dingtalk://a b", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
def test_only_addresses_of_the_three_services_are_bots(given: str, known: str) -> None:
    assert bot_address(given) == known
    assert bot_address(known) == known


@pytest.mark.parametrize("bot", BOTS)
@pytest.mark.parametrize(
    ("answer", "known"),
    [
        ((200, {"errcode": 40008, "errmsg": "invalid message type"}), True),
        ((200, {"errcode": 310000, "errmsg": "keywords not in content"}), True),
        ((200, {"code": 9499, "msg": "Bad Request"}), True),
        ((200, {"errcode": 310000, "errmsg": "sign not match"}), False),
        ((200, {"errcode": 300005, "errmsg": "token is not exist"}), False),
        ((200, {"errcode": 93000, "errmsg": "invalid webhook url"}), False),
        ((200, {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}), False),
        ((200, b"<html>log in</html>"), False),
        ((404, {}), False),
        ((502, {}), False),
    ],
)
def test_a_bot_is_tried_out_without_a_message(
    service: Service, bot: str, answer: tuple[int, object], known: bool
) -> None:
    service.answers = [answer]
    if known:
        chat(service).try_out(bot)
    else:
        with pytest.raises(NotifyError) as caught:
            chat(service).try_out(bot)
        assert not any(secret in str(caught.value) for secret in ("SECabc", "Token1", "Key-1", "Hook-1"))
    assert [body for _, body in service.asked] == [{}]


def test_a_bot_that_nobody_answers_for_is_no_good() -> None:
    with pytest.raises(NotifyError, match="连接失败"):
        Chat(timeout=1, through="http://127.0.0.1:9", private=True).try_out(BOTS[0])


@pytest.mark.parametrize(
    ("bot", "path", "text"),
    [
        (BOTS[0], "/robot/send?access_token=Token1&timestamp=", ("text", "content")),
        (BOTS[1], "/cgi-bin/webhook/send?key=Key-1", ("text", "content")),
        (BOTS[2], "/open-apis/bot/v2/hook/Hook-1/", ("content", "text")),
    ],
)
def test_each_service_is_spoken_to_in_its_own_way(service: Service, bot: str, path: str, text: tuple[str, str]) -> None:
    service.answers = [(200, {"errcode": 0, "code": 0})]
    chat(service).send(bot, "现有 1 件舆情")
    ((asked, body),) = service.asked
    assert asked.startswith(path)
    assert body[text[0]][text[1]] == "现有 1 件舆情"


@pytest.mark.parametrize(
    ("status", "answer", "retryable", "said"),
    [
        (200, {"errcode": 310000, "errmsg": "keywords not in content"}, False, "310000 keywords not in content"),
        (200, {"errcode": 130101, "errmsg": "send too fast"}, True, "130101"),
        (200, {"errcode": -1, "errmsg": "system busy"}, True, "-1"),
        (200, {"code": 19001, "msg": "param invalid"}, False, "19001 param invalid"),
        (200, b"<html>login first</html>", False, "不是所约定的格式"),
        (200, {"hello": 1}, False, "拒收"),
        (503, b"", True, "HTTP 503"),
        (429, b"", True, "HTTP 429"),
        (404, b"", False, "HTTP 404"),
    ],
)
def test_a_refusal_is_never_taken_for_a_success(
    service: Service, status: int, answer: object, retryable: bool, said: str
) -> None:
    service.answers = [(status, answer)]
    with pytest.raises(NotifyError, match=said) as caught:
        chat(service).send(BOTS[1], "一")
    assert caught.value.retryable is retryable
    assert "Key-1" not in str(caught.value)


def test_a_redirect_is_not_followed(service: Service) -> None:
    service.headers = {"Location": "http://127.0.0.1:9/"}
    service.answers = [(302, b"")]
    with pytest.raises(NotifyError, match="HTTP 302"):
        chat(service).send(BOTS[0], "一")
    assert len(service.asked) == 1


def test_no_server_can_be_tried_again_and_the_secret_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotifyError, match="连接失败") as caught:
        Chat(timeout=2, through=f"http://127.0.0.1:{port}", private=True).send("dingtalk://SecretWord@TokenWord/", "一")
    assert caught.value.retryable
    told = f"{caught.value}{caught.value.__cause__}{caplog.text}"
    assert "SecretWord" not in told
    assert "TokenWord" not in told


def test_a_server_that_says_nothing_is_given_up_after_the_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotifyError, match="连接失败"):
        Chat(timeout=0.2, through=f"http://127.0.0.1:{silent.getsockname()[1]}", private=True).send(BOTS[2], "一")


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "10.1.2.3", "192.168.0.8", "169.254.169.254", "::1", "fd00::1", "0.0.0.0"]
)
def test_nothing_goes_to_an_address_inside_unless_allowed(monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    asked = []
    monkeypatch.setattr(
        chat_module.socket,
        "getaddrinfo",
        lambda *a, **k: [(0, 0, 0, "", ("203.0.113.1x"[:-1], 443)), (0, 0, 0, "", (inside, 443))],
    )
    monkeypatch.setattr(chat_module.requests, "post", lambda *a, **k: asked.append(a))
    with pytest.raises(NotifyError, match="内网地址") as caught:
        Chat().send(BOTS[0], "一")
    assert not caught.value.retryable
    assert asked == []


def test_what_is_no_bot_is_refused() -> None:
    with pytest.raises(NotifyError, match="地址不正确"):
        Chat().send("json://127.0.0.1/", "一")


def test_the_text_is_short_and_has_no_link() -> None:
    notices = [make_notice(n, alert=make_alert(n, title="很长的标题" * 20), event=make_event(n)) for n in range(1, 30)]
    text = chat_text(LETTERHEAD, OFFICE, notices, NOW)
    assert len(text) <= LONGEST
    assert "现有 29 件" in text
    assert "MS-20261125-0001" in text
    assert "http" not in text


def test_the_text_of_one_matter() -> None:
    text = chat_text(LETTERHEAD, OFFICE, [make_notice(1)], NOW)
    assert "1. 【特别严重·新立案件】云溪苑工地拖欠三十人工资（MS-20261125-0001），回应：2026-11-27 14:30 前" in text


def test_bots_come_from_the_catalogue_and_the_environment() -> None:
    catalog = make_catalog()
    chats = (SecretStr("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k1"),)
    office = catalog.offices[0].model_copy(update={"chats": chats})
    catalog = catalog.model_copy(update={"offices": (office, *catalog.offices[1:])})
    bots = bots_of(catalog, '{"renshe": ["wecombot://k1", "feishu://f1"], "gov": "dingtalk://d1"}')
    assert bots("renshe") == ("wecombot://k1/", "feishu://f1/")
    assert bots("renshe@330782") == bots("renshe")
    assert bots("gov") == ("dingtalk://d1/",)
    assert bots("zhujian") == ()
    assert "k1" not in repr(catalog)


def test_in_a_trial_only_our_own_bot_is_told() -> None:
    given = '{"renshe": "wecombot://k1"}'
    assert bots_of(make_catalog(), given, redirected=True)("renshe") == ()
    ours = bots_of(make_catalog(), given, redirected=True, redirect_to="feishu://ours")
    assert ours("renshe") == ours("gov") == ("feishu://ours/",)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("[]", "JSON"),
        ("{", "JSON"),
        ('{"nobody": "wecombot://k"}', "nobody"),
        ('{"renshe": "json://SecretHost"}', "renshe"),
    ],
)
def test_what_is_no_list_of_bots_is_said_without_the_address(given: str, said: str) -> None:
    with pytest.raises(MinshengError, match=said) as caught:
        bots_of(make_catalog(), given)
    assert "SecretHost" not in str(caught.value)


def test_an_address_in_the_catalogue_that_is_no_bot_is_said_at_once() -> None:
    catalog = make_catalog()
    office = catalog.offices[0].model_copy(update={"chats": (SecretStr("json://SecretHost"),)})
    with pytest.raises(MinshengError, match=r"offices\.yaml renshe") as caught:
        bots_of(catalog.model_copy(update={"offices": (office,)}), "")
    assert "SecretHost" not in str(caught.value)
