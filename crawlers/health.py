"""How one visit to a source went, in figures and in one Chinese sentence.

No data never looks like no problem: an empty list, pages without items, texts that cannot be found are all "not ok".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.spidermiddlewares.httperror import HttpError

from configs.catalog import SHANGHAI, Source
from crawlers.deps import Count
from crawlers.guard import Refused

_MANY = 3  # so many failed pages and not one item are no accident
_STATUS = {
    401: "需要登录",
    403: "拒绝访问",
    404: "页面不存在",
    410: "页面已删除",
    429: "嫌访问太频繁",
    500: "对方服务器出错",
    502: "对方服务器出错",
    503: "对方暂停服务",
    504: "对方服务器超时",
}
GONE = frozenset(
    ("status_404", "status_410", "robots", "forbidden_address", "too_big", "not_html")
)  # asking again does not help


@dataclass(frozen=True, slots=True)
class SourceResult:
    """One visit. `items` were read, `new` of them never seen before, `changed` edited or answered since; both were
    published. `reason` is why it is not ok, or what was left out although it is; `dropped` counts what was left out."""

    source: str
    at: datetime
    ok: bool
    items: int
    new: int
    reason: str = ""
    changed: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Tally:
    """What a visit counts as it goes."""

    count: Count
    entries: int | None = None  # on the first list page (rows of a sheet, items of a feed); None: it was never read
    pages: int = 0
    items: int = 0
    new: int = 0
    changed: int = 0
    without_text: int = 0
    trouble: str = ""  # the first thing that makes the whole visit fail
    dropped: Counter[str] = field(default_factory=Counter)
    later: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def drop(self, reason: str, message: str, n: int = 1) -> None:
        """`n` things are left out for good."""
        self.dropped[reason] += n
        self.examples.setdefault(reason, message)
        self.count("crawl_dropped", reason, n)

    def put_off(self, reason: str, message: str) -> None:
        """A page failed and is tried again at the next visit."""
        self.later[reason] += 1
        self.examples.setdefault(reason, message)
        self.count("crawl_failed", reason, 1)

    def fail(self, message: str) -> None:
        self.trouble = self.trouble or message

    def result(self, source: Source, at: datetime, entries_before: int) -> SourceResult:
        wrong = self.trouble or self._structure(source, entries_before)
        return SourceResult(
            source=source.key,
            at=at,
            ok=not wrong,
            items=self.items,
            new=self.new,
            reason=wrong or self._left_out(),
            changed=self.changed,
            dropped=dict(self.dropped),
        )

    def _structure(self, source: Source, before: int) -> str:
        if self.entries is None:
            return f"没有读到列表页 {source.url}"
        if self.entries == 0:
            was = f"以前有 {before} 条" if before else "从来没有读到过"
            return f"{source.url} 上一个条目也没有（{was}）：页面结构可能变了，{_ADVICE[source.kind]}"
        failed = sum(self.later.values()) + sum(self.dropped.values())
        if self.items == 0 and (self.pages or failed >= _MANY or (failed and not before)):
            return f"列出了 {self.entries} 个条目，但一条信息也没读出来：{self._left_out() or '请核对 fields'}"
        if self.items and self.without_text == self.items:
            return f"读到 {self.items} 条信息，但都没有正文：请核对 fields.text"
        return ""

    def _left_out(self) -> str:
        said = [f"{n} 条未采集（{self.examples[reason]}）" for reason, n in self.dropped.most_common(2)]
        said += [f"{n} 页下次再试（{self.examples[reason]}）" for reason, n in self.later.most_common(2)]
        return "；".join(said)


_ADVICE = {
    "board": "请核对地址和 fields.entry、fields.link",
    "forum": "请核对地址和 fields.entry、fields.link",
    "news": "请核对地址和 fields.entry、fields.link",
    "rss": "请核对订阅地址",
    "sheet": "请核对地址和 fields.link",
}


def describe(error: BaseException) -> tuple[str, str]:
    """What a failed request is counted under, and what staff read: never a traceback."""
    if isinstance(error, HttpError):
        status = error.response.status
        return f"status_{status}", f"对方返回 {status}" + (f"（{_STATUS[status]}）" if status in _STATUS else "")
    if isinstance(error, IgnoreRequest):
        return "robots", "对方的 robots.txt 不允许采集"
    for kind, reason, text in _FAILURES:
        if isinstance(error, kind):
            return reason, str(error) if kind is Refused else text
    return "network", "网络连接中断"


_FAILURES: tuple[tuple[type[BaseException], str, str], ...] = (
    (Refused, "forbidden_address", ""),
    (DownloadTimeoutError, "timeout", "对方长时间没有响应"),
    (TimeoutError, "timeout", "对方长时间没有响应"),
    (CannotResolveHostError, "unknown_host", "域名解析不到"),
    (DownloadConnectionRefusedError, "refused", "对方拒绝连接"),
    (DownloadCancelledError, "too_big", "内容超过大小限制"),
)


def clock(at: datetime) -> str:
    """An instant as staff read it: 11-25 09:30."""
    return at.astimezone(SHANGHAI).strftime("%m-%d %H:%M")
