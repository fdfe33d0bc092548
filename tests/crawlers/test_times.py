from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.catalog import SHANGHAI
from crawlers.times import parse_time

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "shanghai"),
    [
        ("2026-11-25 09:30", "2026-11-25 09:30:00"),
        ("发布时间：2026-11-25 09:30:05 来源：本站", "2026-11-25 09:30:05"),
        ("2026/1/5 9:05", "2026-01-05 09:05:00"),
        ("2026.11.25", "2026-11-25 00:00:00"),
        ("2026年11月25日 9:30", "2026-11-25 09:30:00"),
        ("2026年11月25日9时30分", "2026-11-25 09:30:00"),
        ("2026年11月25日 下午3:20", "2026-11-25 15:20:00"),
        ("2026年11月25日 上午 9点", "2026-11-25 09:00:00"),
        ("２０２６－１１－２５　０９：３０", "2026-11-25 09:30:00"),
        ("11-25 09:30", "2026-11-25 09:30:00"),
        ("12-30 09:30", "2025-12-30 09:30:00"),  # not yet come this year
        ("11月20日", "2026-11-20 00:00:00"),
        ("02-29 10:00", "2024-02-29 10:00:00"),
        ("26-11-25 09:30", "2026-11-25 09:30:00"),
        ("今天 09:30", "2026-11-25 09:30:00"),
        ("昨天 23:05", "2026-11-24 23:05:00"),
        ("昨天", "2026-11-24 00:00:00"),
        ("前天 08:00", "2026-11-23 08:00:00"),
        ("刚刚", "2026-11-25 17:00:00"),
        ("30秒前", "2026-11-25 16:59:30"),
        ("3分钟前", "2026-11-25 16:57:00"),
        ("半小时前", "2026-11-25 16:30:00"),
        ("2小时前", "2026-11-25 15:00:00"),
        ("发表于 4 天前", "2026-11-21 17:00:00"),
        ("09:30", "2026-11-25 09:30:00"),
        ("23:30", "2026-11-24 23:30:00"),  # later today has not come yet
        ("20261125093005", "2026-11-25 09:30:05"),
        ("20261125", "2026-11-25 00:00:00"),
        ("1795570200", "2026-11-25 09:30:00"),
        ("1795570200000", "2026-11-25 09:30:00"),
        ("2026-11-25T01:30:00Z", "2026-11-25 09:30:00"),
        ("2026-11-25T09:30:00.123+08:00", "2026-11-25 09:30:00"),
        ("2026-11-25T09:30", "2026-11-25 09:30:00"),
        ("Wed, 25 Nov 2026 01:30:00 GMT", "2026-11-25 09:30:00"),
        ("Wed, 25 Nov 2026 09:30:00 +0800", "2026-11-25 09:30:00"),
    ],
)
def test_every_form_is_the_same_instant(text: str, shanghai: str) -> None:
    found = parse_time(text, NOW)
    assert found is not None
    assert found.tzinfo is UTC
    assert found.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") == shanghai


@pytest.mark.parametrize("text", ["", "  ", "不详", "2026-13-45", "2026-02-30 10:00", "99:99", "编号 12", "31月2日"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_time(text, NOW) is None


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    found = parse_time(text, NOW)
    assert found is None or found.tzinfo is UTC


@given(st.integers(946_684_800, 1_893_456_000))
def test_what_is_written_is_read_back(second: int) -> None:
    moment = datetime.fromtimestamp(second, SHANGHAI)
    assert parse_time(f"{moment:%Y-%m-%d %H:%M:%S}", NOW) == moment


def test_a_year_that_is_missing_is_never_in_the_future() -> None:
    day = NOW + timedelta(days=3)
    found = parse_time(f"{day:%m-%d %H:%M}", NOW)
    assert found is not None
    assert found < NOW
