"""Messages to the group bots of DingTalk, WeCom and Feishu, through apprise.

apprise takes whatever HTTP answer has status 200 for a success, and these services say no with status 200 and a code in
the body. So its plugins are given a `requests` of ours that reads the answer, follows no redirect, and goes to no address
inside one's own network unless that is allowed.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib import import_module
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import requests

from alerts.notify.clean import clean_line, clip
from stream.errors import NotifyError

# Codes that a later try can mend: busy or too often (each service's list of error codes).
PASSING = frozenset({-1, 45009, 45033, 130101, 130102, 9499, 11232, 19007})
# Codes by which the services say that there is no such bot (any more), or that its secret is wrong.
UNKNOWN = frozenset({300001, 300005, 93000, 19001, 19021})
NO_ANSWER = -2  # ours, for what is no answer of these services
_SIGNED = 310000  # DingTalk's for a wrong signature, and also for a message without the bot's key word
ANSWER = 65_536  # bytes of an answer that are read
_PLUGINS = {
    "dingtalk": ("dingtalk", "NotifyDingTalk", "token"),
    "wecombot": ("wecombot", "NotifyWeComBot", "key"),
    "feishu": ("feishu", "NotifyFeishu", "token"),
}
_NATIVE = {
    "oapi.dingtalk.com": ("dingtalk", "access_token"),
    "qyapi.weixin.qq.com": ("wecombot", "key"),
    "open.feishu.cn": ("feishu", ""),
}
_TOKEN = re.compile(r"^[A-Za-z0-9_-]+$")


def bot_address(address: str) -> str:
    """The address as apprise writes it: dingtalk://TOKEN, dingtalk://SECRET@TOKEN, wecombot://KEY or feishu://TOKEN.

    Takes that, and the https address that the service shows when a bot is made. "" for anything else.
    """
    try:
        parts = urlsplit(address.strip())
        scheme, token, secret = _read(parts.scheme, parts.hostname or "", parts.path, parts.query, parts.netloc)
    except ValueError:
        return ""
    if scheme not in _PLUGINS or not _TOKEN.match(token) or (secret and not _TOKEN.match(secret)):
        return ""
    return f"{scheme}://{secret}@{token}/" if secret else f"{scheme}://{token}/"


def _read(scheme: str, host: str, path: str, query: str, netloc: str) -> tuple[str, str, str]:
    """(scheme, token, secret). Tokens keep their capitals, which the host of an address does not."""
    if scheme != "https":
        secret, _, token = netloc.rpartition("@")
        return scheme, token, secret
    own, name = _NATIVE.get(host, ("", ""))
    token = parse_qs(query).get(name, [""])[0] if name else path.rstrip("/").rpartition("/")[2]
    return own, token, ""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the plugins look at."""

    status_code: int
    content: bytes


@dataclass
class _Call:
    """One message on its way: where it may go, and what was answered. `empty`: it is none, to hear what is said of the bot."""

    through: str
    private: bool
    timeout: float
    empty: bool = False
    answer: _Answer | None = None
    refused: str = ""
    broken: str = ""
    codes: list[int] = field(default_factory=list)
    said: str = ""


_call: ContextVar[_Call] = ContextVar("chat_call")
_putting_in = Lock()


class Chat:
    """Sends to a bot. `through`: the address of a relay or a private installation that takes the place of the
    services' own hosts; `private`: it may lie inside one's own network. `timeout` in seconds, to connect and to read."""

    def __init__(self, *, timeout: float = 10.0, through: str = "", private: bool = False) -> None:
        self._timeout, self._through, self._private = timeout, through.rstrip("/"), private

    def send(self, bot: str, text: str) -> None:
        """Raises NotifyError; its text never holds the bot's address, which is a secret."""
        plugin = _plugin(bot)
        call = _Call(self._through, self._private, self._timeout)
        _call.set(call)
        with _quiet():
            done = plugin.notify(body=text)
        _judge(call, bool(done))

    def try_out(self, bot: str) -> None:
        """Ask the service with an empty request, which it refuses: the group hears nothing, and the refusal tells whether the
        bot is known. Raises NotifyError when it is not, or when nobody answers."""
        plugin = _plugin(bot)
        call = _Call(self._through, self._private, self._timeout, empty=True)
        _call.set(call)
        with _quiet():
            plugin.notify(body="-")
        _judge(call, call.answer is not None and call.answer.status_code == 200)


def _plugin(bot: str) -> Any:
    """apprise's plugin for the bot. Only its own module is loaded: apprise as a whole has more than a hundred."""
    parts = urlsplit(bot_address(bot))
    if parts.scheme not in _PLUGINS:
        raise NotifyError("群机器人地址不正确，应为钉钉、企业微信或飞书机器人的地址", retryable=False)
    name, kind, argument = _PLUGINS[parts.scheme]
    module = import_module(f"apprise.plugins.{name}")
    with _putting_in:
        module.requests = _Requests()  # type: ignore[attr-defined]
    secret, _, token = parts.netloc.rpartition("@")
    with _quiet():
        plugin = getattr(module, kind)(**{argument: token}, **({"secret": secret} if secret else {}))
    plugin.request_rate_per_sec = 0  # the queue paces; apprise would sleep
    return plugin


@contextmanager
def _quiet() -> Iterator[None]:
    """apprise logs the addresses of bots, which hold the secret."""
    log = logging.getLogger("apprise")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _judge(call: _Call, done: bool) -> None:
    if call.refused:
        raise NotifyError(call.refused, retryable=False)
    if call.broken or call.answer is None:
        raise NotifyError(f"群机器人连接失败: {call.broken or '没有发出'}", retryable=bool(call.broken))
    status = call.answer.status_code
    if not done or status != 200:
        raise NotifyError(f"群机器人的服务器答复 HTTP {status}", retryable=status == 429 or status >= 500)
    wrong = [code for code in call.codes if code != 0 and (not call.empty or _is_unknown(code, call.said))]
    if wrong:
        raise NotifyError(f"群机器人拒收: {wrong[0]} {call.said}".strip(), retryable=wrong[0] in PASSING)


def _is_unknown(code: int, said: str) -> bool:
    return code in UNKNOWN or code == NO_ANSWER or (code == _SIGNED and "keyword" not in said.lower())


class _Requests:
    """What the plugins take for the module `requests`."""

    codes = requests.codes
    RequestException = requests.RequestException

    def post(self, url: str, **options: Any) -> _Answer:
        call = _call.get()
        url = _moved(url, call.through)
        if not call.private and (where := _inside(url)):
            call.refused = f"群机器人的服务器解析到内网地址 {where}，不予发送；确在内网的，设置 chat.private"
            raise requests.RequestException("refused")
        if call.empty:
            options["data"] = b"{}"
        options |= {"timeout": call.timeout, "allow_redirects": False, "stream": True}
        try:
            with requests.post(url, **options) as answer:  # noqa: S113 - the time-out is among the options
                body = next(answer.iter_content(ANSWER), b"")
                call.answer = _Answer(answer.status_code, body)
        except (requests.RequestException, OSError) as error:
            call.broken = type(error).__name__
            raise requests.RequestException("broken") from None
        _read_answer(call, body)
        return call.answer


def _moved(url: str, through: str) -> str:
    if not through:
        return url
    base, parts = urlsplit(through), urlsplit(url)
    return urlunsplit((base.scheme, base.netloc, base.path + parts.path, parts.query, ""))


def _inside(url: str) -> str:
    """The first address of the host that is not a public one; "" if there is none."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError:
        return ""  # the connection will say so
    for *_, place in found:
        address = ipaddress.ip_address(str(place[0]).partition("%")[0])
        if not address.is_global:
            return str(address)
    return ""


def _read_answer(call: _Call, body: bytes) -> None:
    """What the service says in the body: errcode/errmsg (DingTalk, WeCom), code/msg or StatusCode (Feishu)."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        call.codes, call.said = [NO_ANSWER], "答复不是所约定的格式"
        return
    codes = [said[name] for name in ("errcode", "code", "StatusCode") if isinstance(said.get(name), int)]
    call.codes = codes or [NO_ANSWER]
    call.said = clip(clean_line(str(said.get("errmsg") or said.get("msg") or "")), 120)
