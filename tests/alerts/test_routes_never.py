"""Whatever comes in: an office leads, no accused one is among those who read, and the same post goes the same way."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import configs
from alerts.accused import accusations, complains
from alerts.routes import decide_route
from app.routing import route_row
from configs.loader import load_catalog
from stream.messages import Judged
from tests.alerts.town import event, judgement, post

SHIPPED = load_catalog([Path(configs.__file__).parent])
NAMES = [name for office in SHIPPED.offices for name in (office.name, office.short, *office.aliases)]
SAID = [
    "收了好处",
    "不作为",
    "一直没人管",
    "互相推诿",
    "没有推诿",
    "打人",
    "请",
    "希望",
    "向",
    "反映多次，",
    "老板",
    "物业",
    "。",
    "，",
]
SAID += ["着火了", "持刀", "请问", "工地欠薪", "烂尾", "感谢", "他们", "通风报信", "信访复查", "3人死亡", "谁来管"]

GUIDE = {office.key for office in SHIPPED.offices if not office.label} | {
    "none"
}  # the keys that posts are labelled with
texts = st.lists(st.sampled_from([*NAMES, *SAID]), max_size=12).map("".join) | st.text(max_size=60)
keys = st.sampled_from([office.key for office in SHIPPED.offices])


@given(
    text=texts,
    topic=st.sampled_from([*(one.key for one in SHIPPED.topics), "?"]),
    hint=keys | st.sampled_from(["none", ""]),
    region=st.sampled_from(["330106", "330109", "331002", "110101", ""]),
    severity=st.integers(1, 4),
    mood=st.sampled_from(["neg", "neu", "pos"]),
    intent=st.sampled_from(["complaint", "ask", "report", "praise"]),
    earlier=st.sets(keys, max_size=30),
)
def test_every_post_reaches_an_office_and_no_accused_one(
    text: str, topic: str, hint: str, region: str, severity: int, mood: str, intent: str, earlier: set[str]
) -> None:
    said = judgement("p1", topic, hint, sentiment=mood, intent=intent, severity=severity)
    about = event(topic=topic, region=region, severity=severity)
    found = decide_route(SHIPPED, about, said, text, earlier)
    readers = {one.partition("@")[0] for one in (found.lead, *found.helps)}
    accused = (earlier | set(accusations(SHIPPED.offices, text, negative=complains(said)))) - {SHIPPED.routes.lead}
    assert found.lead.partition("@")[0] in SHIPPED.office
    assert set(found.never) == accused
    assert readers.isdisjoint(accused)
    assert found == decide_route(SHIPPED, about, said, text, earlier)


@given(text=texts.filter(str.strip), topic=st.sampled_from([one.key for one in SHIPPED.topics]), hint=keys)
def test_a_row_of_the_filter_has_all_its_fields(text: str, topic: str, hint: str) -> None:
    row = route_row(SHIPPED, Judged(post("p1", text), judgement("p1", topic, hint)))
    fields = ["id", "office", "helps", "never", "sent_to", "event_grade", "severity", "clocks", "basis", "reasons"]
    assert list(row) == fields
    assert {row["office"], *row["helps"]} <= GUIDE
    assert "none" not in row["helps"]
    assert row["office"] not in row["never"]
    assert set(row["helps"]).isdisjoint({*row["never"], row["office"]})
    assert set(row["sent_to"]).isdisjoint(row["never"])
    assert set(row["helps"]) <= set(row["sent_to"]) <= set(SHIPPED.office)
    assert row["clocks"]
    assert all({"name", "source"} < set(one) and ("hours" in one) != ("working_days" in one) for one in row["clocks"])
    assert row["basis"]
    assert row["reasons"]
