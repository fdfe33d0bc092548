"""The charts hold the figures they are given."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboard.charts import bar_chart, day_chart, trend_chart

SINCE = datetime(2026, 11, 11, 16, 0, tzinfo=UTC)  # midnight of the 12th in Shanghai


def values(chart: Any) -> list[dict[str, Any]]:
    spec = chart.to_dict()
    (rows,) = spec["datasets"].values()
    return list(rows)


def test_the_trend_has_a_place_for_every_day() -> None:
    chart = trend_chart([(SINCE + timedelta(days=2), "工资拖欠", 3)], SINCE, 5)
    spec = chart.to_dict()
    assert spec["encoding"]["x"]["scale"]["domain"] == ["11-12", "11-13", "11-14", "11-15", "11-16"]
    assert values(chart) == [{"日期": "11-14", "领域": "工资拖欠", "条数": 3}]


def test_other_matters_come_last_in_the_legend() -> None:
    chart = trend_chart([(SINCE, "其他", 1), (SINCE, "生态环境", 1)], SINCE, 1)
    assert chart.to_dict()["encoding"]["color"]["scale"]["domain"] == ["生态环境", "其他"]


def test_bars_show_the_largest_first_and_no_more_than_asked() -> None:
    chart = bar_chart({"甲": 1, "乙": 9, "丙": 4}, "事项", most=2)
    assert [row["事项"] for row in values(chart)] == ["乙", "丙"]


def test_days_across_two_years_carry_the_year() -> None:
    assert [row["日期"] for row in values(day_chart([("2026-12-31", 1), ("2027-01-01", 2)]))] == [
        "2026-12-31",
        "2027-01-01",
    ]
    assert [row["日期"] for row in values(day_chart([("2026-11-01", 1), ("2026-11-02", 0)]))] == ["11-01", "11-02"]


def test_the_longest_bar_leaves_room_for_its_number() -> None:
    bars = bar_chart({"甲": 1, "乙": 1000}, "事项").to_dict()["layer"][0]
    assert bars["encoding"]["x"]["scale"]["domain"] == [0, 1300]


def test_what_altair_looks_into_is_whole_before_the_first_chart() -> None:
    """It asks for pandas among the loaded modules, where one that another page is loading just then lies half done."""
    found = "import sys, dashboard.charts; sys.exit('pandas' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", found], check=False).returncode == 0
