"""Times as sites write them. Pure: the same text, `now` and zone always give the same instant.

Understood, anywhere in the text (so that 发布时间：2026-11-25 09:30 works):
    2026-11-25 09:30[:05], 2026/11/25, 2026.11.25, 2026年11月25日 9:30, 2026年11月25日 9时30分, with 上午/下午,
    ISO 8601 with or without an offset, RFC 822, 20261125[093005], seconds or milliseconds since 1970,
    26-11-25 09:30, 11-25 09:30, 11月25日, 今天/昨天/前天 [09:30], 09:30,
    刚刚, 30秒前, 3分钟前, 半小时前, 2小时前, 4天前.
Without an offset a time is of `zone`; without a year it is the latest such day that is not in the future.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime

from configs.catalog import SHANGHAI

_CLOCK = (
    r"(?:[T\s]*(?P<half>上午|下午|中午|凌晨|早上|晚上|傍晚)?\s*(?P<hour>\d{1,2})\s*[:时点]\s*(?P<minute>\d{1,2})?\s*分?"
    r"(?:\s*:?\s*(?P<second>\d{1,2})(?:[.,]\d+)?\s*秒?)?\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?)?"
)
_RFC822 = re.compile(r"\d{1,2}\s+[A-Z][a-z]{2}\s+\d{2,4}\s+\d{1,2}:\d{2}.*")
_FULL = re.compile(r"(?<!\d)(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?" + _CLOCK)
_SHORT = re.compile(r"(?<!\d)(?P<year>\d{2})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)" + _CLOCK)
_YEARLESS = re.compile(r"(?<![\d:])(?P<month>\d{1,2})\s*[-/月]\s*(?P<day>\d{1,2})(?!\d)\s*日?" + _CLOCK)
_RELATIVE_DAY = re.compile(r"(?P<word>今天|今日|昨天|昨日|前天)" + _CLOCK)
_AGO = re.compile(r"(?P<n>\d+|半|几)\s*个?\s*(?P<unit>秒|分钟|分|小时|钟头|天|日|周|星期)\s*[之以]?前")
_COMPACT = re.compile(r"(?P<digits>(?:19|20)\d{6}(?:\d{6}|\d{4})?)")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_CLOCK_ONLY = re.compile(r"(?<!\d)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?!\d)")

_DAYS_BACK = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2}
_UNITS = {
    "秒": timedelta(seconds=1),
    "分": timedelta(minutes=1),
    "分钟": timedelta(minutes=1),
    "小时": timedelta(hours=1),
    "钟头": timedelta(hours=1),
    "天": timedelta(days=1),
    "日": timedelta(days=1),
    "周": timedelta(weeks=1),
    "星期": timedelta(weeks=1),
}
_AMOUNTS = {"半": 0.5, "几": 3.0}
_SKEW = timedelta(days=1)


def parse_time(text: str, now: datetime, zone: tzinfo = SHANGHAI) -> datetime | None:
    """The instant that `text` names, in UTC; None when it names none that exists. `now` must be aware."""
    text = unicodedata.normalize("NFKC", text).strip()
    if not text:
        return None
    for read in _READERS:
        found = read(text, now, zone)
        if found is not None:
            return found.astimezone(UTC)
    return None


def _rfc822(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    match = _RFC822.search(text)
    if match is None:
        return None
    try:
        found = parsedate_to_datetime(match[0])
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)  # RFC 5322: -0000 is UTC of an unknown zone


def _full(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    match = _FULL.search(text)
    return match and _build(match, int(match["year"]), int(match["month"]), int(match["day"]), zone)


def _compact(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    match = _COMPACT.fullmatch(text)
    if match is None:
        return None
    digits = match["digits"].ljust(14, "0")
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=zone)
    except ValueError:
        return None


def _epoch(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    if not _EPOCH.fullmatch(text):
        return None
    return datetime.fromtimestamp(int(text[:10]), UTC)


def _short(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    match = _SHORT.search(text)
    return match and _build(match, 2000 + int(match["year"]), int(match["month"]), int(match["day"]), zone)


def _yearless(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    match = _YEARLESS.search(text)
    if match is None:
        return None
    year = now.astimezone(zone).year + 1
    # eight years back, so that 02-29 always finds its leap year
    for candidate in range(year, year - 9, -1):
        found = _build(match, candidate, int(match["month"]), int(match["day"]), zone)
        if found and found <= now + _SKEW:
            return found
    return None


def _relative_day(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    match = _RELATIVE_DAY.search(text)
    if match is None:
        return None
    day = now.astimezone(zone) - timedelta(days=_DAYS_BACK[match["word"]])
    return _build(match, day.year, day.month, day.day, zone)


def _ago(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    if "刚刚" in text or "刚才" in text:
        return now
    match = _AGO.search(text)
    if match is None:
        return None
    amount = _AMOUNTS.get(match["n"]) or float(match["n"])
    try:
        return now - amount * _UNITS[match["unit"]]
    except OverflowError:
        return None


def _clock_only(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    match = _CLOCK_ONLY.search(text)
    if match is None or any(char.isdigit() for char in text.replace(match[0], "", 1)):
        return None  # with other figures beside it, it is the clock of a day that does not exist
    today = now.astimezone(zone)
    try:
        found = today.replace(
            hour=int(match["hour"]), minute=int(match["minute"]), second=int(match["second"] or 0), microsecond=0
        )
    except ValueError:
        return None
    return found if found <= now + timedelta(minutes=5) else found - timedelta(days=1)


_READERS: tuple[Callable[[str, datetime, tzinfo], datetime | None], ...] = (
    _rfc822,
    _compact,
    _epoch,
    _full,
    _short,
    _ago,
    _relative_day,
    _yearless,
    _clock_only,
)


def _build(match: re.Match[str], year: int, month: int, day: int, zone: tzinfo) -> datetime | None:
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    if (
        match["half"] in ("下午", "晚上", "傍晚", "中午")
        and 1 <= hour <= 11
        and not (match["half"] == "中午" and hour == 11)
    ):
        hour += 12
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=_offset(match["offset"]) or zone)
    except ValueError:
        return None


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    return datetime.strptime(text.replace("Z", "+0000").replace(":", ""), "%z").tzinfo
