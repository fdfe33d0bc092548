"""Invented posts for the tests of the event grouping, judged without a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.events import Assignment, EventIndex
from stream.messages import Judged, Judgement, Kind, Place, Post, Scored

DAY = timedelta(days=1)
START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)  # a Monday, 9:00 in Shanghai
WINDOW = 45 * DAY

XIHU = Place(code="330106", province="浙江省", city="杭州市", county="西湖区", basis="text")
XIAOSHAN = Place(code="330109", province="浙江省", city="杭州市", county="萧山区", basis="text")
HOME = Place(code="330100", province="浙江省", city="杭州市", basis="source")


def tell(
    post_id: str,
    title: str,
    text: str = "",
    *,
    day: float = 0,
    source: str = "board",
    kind: Kind = "message",
    topic: str = "none",
    severity: int = 1,
    place: Place | None = None,
    sentiment: str = "neutral",
    **more: Any,
) -> Judged:
    """A judged post, published `day` days after START."""
    at = START + day * DAY
    post = Post(post_id, source, kind, title, text, at, at)
    judgement = Judgement(
        post_id=post_id,
        topics=(Scored(topic, 0.9),),
        office=Scored("duty", 0.5),
        sentiment=Scored(sentiment, 0.9),
        intent=Scored("help", 0.9),
        severity=severity,
        severity_score=severity / 4,
        place=place or Place(),
        model="none",
        **more,
    )
    return Judged(post, judgement)


def group(posts: Sequence[Judged], window: timedelta = WINDOW) -> dict[str, str]:
    """Post id -> event id, one by one through a new index."""
    return events_of(EventIndex(window).assign(posts))


def events_of(assigned: Sequence[Assignment]) -> dict[str, str]:
    return {one.post.post_id: one.post.event_id for one in assigned}


# One stalled estate, told on three sources in different words.
ESTATE = (
    tell(
        "estate-1",
        "临栖雅苑二期交房一拖再拖",
        "我们是临栖雅苑二期的业主，合同写明今年六月三十日交房，到现在外墙脚手架还没拆，工地上只有两三个人。"
        "打开发商电话没人接，请政府督促临栖雅苑的开发商尽快复工。",
        source="board",
    ),
    tell(
        "estate-2",
        "",
        "又去看了一眼临栖雅苑二期，工地大门锁着，说好六月交房，现在连电梯都没装，每月房贷照扣，谁来管管开发商？",
        day=1,
        source="weibo",
        kind="social",
    ),
    tell(
        "estate-3",
        "临栖雅苑业主集体反映：楼盘停工半年未交付",
        "近日，多名业主反映临栖雅苑二期停工已有半年，原定六月底交付的房屋至今没有交付，开发商未作出说明。",
        day=3,
        source="news",
        kind="news",
    ),
)

# The same problem at two schools.
SCHOOLS = (
    tell(
        "school-1",
        "枫桥路小学门口早上堵得水泄不通",
        "每天早上七点半到八点，枫桥路小学门口接送孩子的车排成长龙，没有交警疏导，孩子从车缝里钻过去，太危险了。",
    ),
    tell(
        "school-2",
        "海棠实验小学门口放学时堵得水泄不通",
        "海棠实验小学下午放学的时候门口接送孩子的车排成长龙，没有交警疏导，孩子从车缝里钻来钻去，太危险了。",
        day=1,
    ),
)

QUESTIONS = (
    tell(
        "question-1",
        "请问公积金异地贷款需要什么材料",
        "您好，想咨询一下公积金异地贷款需要准备什么材料，去哪里办理？谢谢。",
    ),
    tell(
        "question-2",
        "咨询生育津贴怎么申领",
        "您好，想咨询一下生育津贴怎么申领，需要准备什么材料，去哪里办理？谢谢。",
        day=1,
    ),
    tell(
        "question-3",
        "请问老年公交卡怎么办理",
        "您好，请问老人满六十五岁办老年公交卡需要什么材料，去哪里办？谢谢。",
        day=2,
    ),
)
