"""Charts as pure functions of figures: nothing here knows of Streamlit or of the stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from itertools import pairwise
from typing import TypeVar

import altair as alt

from configs.catalog import SHANGHAI

import_module("pandas")  # whole, before altair looks into it: another page may be loading it just then

FONT = "'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
INK = "#2b3440"
BAR = "#4a7ba6"
AREAS = ("#4a7ba6", "#d0823a", "#5f9e6e", "#b8544f", "#8a78b0", "#8c6d4f", "#c98bb0", "#5aa3a8", "#b5a642", "#8a929b")

Styled = TypeVar("Styled", bound=alt.Chart | alt.LayerChart | alt.FacetChart)


def trend_chart(rows: Sequence[tuple[datetime, str, int]], since: datetime, days: int = 14) -> alt.Chart:
    """Posts per Shanghai day, stacked by policy area; every day from `since` on has its place, also without posts."""
    names = [f"{(since.astimezone(SHANGHAI) + timedelta(days=n)):%m-%d}" for n in range(days)]
    values = [{"日期": f"{day.astimezone(SHANGHAI):%m-%d}", "领域": area, "条数": n} for day, area, n in rows]
    areas = sorted({area for _, area, _ in rows}, key=lambda area: (area == "其他", area))
    chart = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar()
        .encode(
            x=alt.X(
                "日期:N", scale=alt.Scale(domain=names), title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)
            ),
            y=alt.Y("条数:Q", title=None, axis=alt.Axis(tickMinStep=1, format="d")),
            color=alt.Color(
                "领域:N",
                scale=alt.Scale(domain=areas, range=list(AREAS)),
                legend=alt.Legend(orient="bottom", columns=4, title=None),
            ),
            order=alt.Order("领域:N"),
            tooltip=["日期:N", "领域:N", "条数:Q"],
        )
        .properties(height=260)
    )
    return _styled(chart)


def bar_chart(counts: Mapping[str, int], name: str, most: int = 10) -> alt.LayerChart | alt.FacetChart:
    """The largest counts as horizontal bars with their numbers; `name` says what a bar is, for the tooltip."""
    rows = [{name: key, "条数": n} for key, n in sorted(counts.items(), key=lambda item: -item[1])[:most]]
    room = 1.3 * max(counts.values(), default=1)  # for the number beside the longest bar
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(f"{name}:N", sort=None, title=None, axis=alt.Axis(labelLimit=130, ticks=False, domain=False)),
        x=alt.X("条数:Q", title=None, axis=None, scale=alt.Scale(domain=[0, room], nice=False)),
        tooltip=[f"{name}:N", "条数:Q"],
    )
    numbers = base.mark_text(align="left", dx=4, color=INK).encode(text=alt.Text("条数:Q", format=",d"))
    chart = alt.layer(base.mark_bar(color=BAR, height=14), numbers)
    return _styled(chart.properties(height=max(60, 24 * len(rows))))


def day_chart(rows: Sequence[tuple[str, int]]) -> alt.Chart:
    """Posts of one event per Shanghai date (ISO)."""
    across_years = any(one[:4] != other[:4] for (one, _), (other, _) in pairwise(rows))
    values = [{"日期": day if across_years else day[5:], "条数": n} for day, n in rows]
    chart = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar(color=BAR, size=max(3, min(22, 360 // max(1, len(values)))))
        .encode(
            x=alt.X("日期:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("条数:Q", title=None, axis=alt.Axis(tickMinStep=1, format="d", tickCount=3)),
            tooltip=["日期:N", "条数:Q"],
        )
        .properties(height=110)
    )
    return _styled(chart)


def _styled(chart: Styled) -> Styled:
    text = {"labelFont": FONT, "titleFont": FONT, "labelColor": INK, "labelFontSize": 12}
    lines = {"gridColor": "#e6e9ee", "domainColor": "#c7ccd4", "tickColor": "#c7ccd4"}
    look = {
        "font": FONT,
        "background": "transparent",
        "view": {"strokeWidth": 0},
        "axis": text | lines,
        "legend": text | {"symbolType": "square"},
    }
    chart.config = alt.Config.from_dict(look)
    return chart
