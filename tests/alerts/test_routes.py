from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import configs
from alerts.routes import branch_id, decide_route, superior_id
from configs.catalog import Match, Route
from configs.loader import load_catalog
from tests.alerts.town import OFFICES, catalog, event, judgement

TOWN = catalog()
KEYS = [one.key for one in OFFICES]


def route(text: str = "", hint: str = "renshe", accused: tuple[str, ...] = (), **of_event: Any) -> Any:
    one = event(**of_event)
    return decide_route(TOWN, one, judgement("p1", one.topic, hint), text, accused)


def test_what_no_rule_takes_goes_to_the_root() -> None:
    found = route(topic="housing")
    assert (found.lead, found.route, found.basis) == ("duty", ("default",), "国办发〔2016〕61号")
    assert "默认规则“值班室研判”" in found.why[0]


def test_a_child_inherits_what_it_does_not_give() -> None:
    found = route("工地上的农民工没有拿到钱")
    assert found.route == ("default", "wages", "wages.site")
    assert found.lead == "renshe"
    assert found.helps == ("zhujian", "gongan")
    assert (found.basis, found.source) == ("保障农民工工资支付条例第七条", "派单目录")


def test_the_word_that_decided_is_named() -> None:
    assert any("工地欠薪" in sentence and "文中有“工地”" in sentence for sentence in route("在工地干活").why)


def test_the_hint_leads_where_the_rule_says_so() -> None:
    found = route(topic="ecology", hint="chengguan")
    assert found.lead == "chengguan"
    assert any("研判认为应由综合行政执法局办理" in sentence for sentence in found.why)


@pytest.mark.parametrize("hint", ["shuili", "none", ""])
def test_a_hint_that_names_no_office_falls_back_up_the_tree(hint: str) -> None:
    found = route(topic="ecology", hint=hint)
    assert found.lead == "huanjing"
    assert route(topic="gov_conduct", hint=hint).lead == "duty"


def test_without_a_judgement_the_event_decides() -> None:
    found = decide_route(TOWN, event(topic="ecology", office_hint="chengguan"), None, "")
    assert found.lead == "chengguan"


def test_a_route_may_name_its_clocks() -> None:
    assert route("已在信访复查中", topic="housing").clocks == "slow"
    assert route().clocks == ""


@pytest.mark.parametrize(
    ("region", "lead"),
    [
        ("330109", "renshe@330109"),
        ("330106", "renshe"),
        ("330212", "renshe@330200"),
        ("330200", "renshe@330200"),
        ("", "renshe"),
    ],
)
def test_the_branch_of_the_county_else_of_the_city(region: str, lead: str) -> None:
    found = route(region=region, place="")
    assert found.lead == lead
    assert any("属地管理" in sentence for sentence in found.why) == ("@" in lead)


def test_the_superior_is_told_apart_from_the_office() -> None:
    assert superior_id(TOWN, "renshe@330109", "330109") == "gov"
    assert superior_id(TOWN, "gov", "330109") == ""
    assert superior_id(TOWN, "unknown", "330109") == ""


# ---- an accused office gets nothing ----


def test_misconduct_goes_to_the_superior() -> None:
    found = route("人社局一再推诿")
    assert found.lead == "gov"
    assert any("人社局一再推诿" in sentence and "信访工作条例第三十条" in sentence for sentence in found.why)


def test_corruption_goes_to_the_discipline_office() -> None:
    assert route("萧山区人社局领导受贿", region="330109").lead == "jiwei"


def test_an_accused_superior_is_passed_over_too() -> None:
    assert route("人社局推诿。政府办公室包庇他们").lead == "jiwei"


def test_when_all_are_accused_the_root_decides() -> None:
    assert route("人社局受贿。纪委包庇。政府办公室不作为").lead == "duty"


def test_an_accused_helper_is_left_out() -> None:
    found = route("工地欠薪，派出所不立案")
    assert found.lead == "renshe"
    assert found.helps == ("zhujian",)
    assert any("不列公安局为协办单位" in sentence for sentence in found.why)


def test_what_earlier_posts_accused_counts_too() -> None:
    found = route("还是没有发", accused=("renshe",))
    assert found.lead == "gov"
    assert any("此前的信息" in sentence for sentence in found.why)


# ---- whatever comes in reaches an office ----

texts = st.text("人社局住建城管派出所推诿不作为受贿工地请没有，。信访复查纪委政府办公室", max_size=40)


@given(
    topic=st.sampled_from(["wages", "ecology", "gov_conduct", "housing", "none", "?"]),
    hint=st.sampled_from([*KEYS, "none", "", "shuili"]),
    region=st.sampled_from(["330106", "330109", "330212", "330200", "110101", ""]),
    severity=st.integers(1, 4),
    text=texts,
    accused=st.sets(st.sampled_from(KEYS)),
)
def test_every_judgement_reaches_an_office(
    topic: str, hint: str, region: str, severity: int, text: str, accused: set[str]
) -> None:
    one = event(topic=topic, region=region, severity=severity)
    found = decide_route(TOWN, one, judgement("p1", topic, hint), text, accused)
    key, _, branch = found.lead.partition("@")
    assert key in TOWN.office
    assert found.lead == branch_id(TOWN, key, region)
    assert not branch or branch.startswith(region[:4])
    assert found.lead not in found.helps
    assert key not in accused or key == "duty"
    assert found.why
    assert all(sentence.endswith("。") for sentence in found.why)
    assert found.route[0] == "default"


@pytest.mark.parametrize(
    ("topic", "hint", "text", "holds", "without"),
    [
        ("culture", "gongan", "流浪狗连续三天咬伤村民", "谁主管谁负责", "旅游法"),
        ("wages", "renshe", "同班组五人得了尘肺，要求出具职业病诊断证明", "劳动保障监察条例", "第三十八条"),
        ("wages", "renshe", "工地的班组长说总包没拨款", "第三十八条", "公共文化"),
    ],
)
def test_the_shipped_tree_names_a_law_that_is_about_it(
    topic: str, hint: str, text: str, holds: str, without: str
) -> None:
    shipped = load_catalog([Path(configs.__file__).parent])
    found = decide_route(shipped, event(topic=topic), judgement("p1", topic, hint), text)
    assert holds in found.basis
    assert without not in found.basis


def test_the_shipped_tree_leads_every_topic_and_hint_to_an_office() -> None:
    shipped = load_catalog([Path(configs.__file__).parent])
    for topic in (*(one.key for one in shipped.topics), "unknown"):
        for hint in (*(one.key for one in shipped.offices), "none"):
            for text in ("", "工地烂尾，燃气泄漏，信访复查，受贿"):
                found = decide_route(shipped, event(topic=topic), judgement("p1", topic, hint), text)
                assert found.lead.partition("@")[0] in shipped.office
                assert found.basis
                assert found.source


@given(depth=st.integers(0, 6), lead=st.sampled_from(["", "@hint", "renshe", "nobody"]))
def test_a_tree_of_any_depth_decides(depth: int, lead: str) -> None:
    node = Route(key="leaf", lead=lead)
    for level in range(depth):
        node = Route(key=f"n{level}", match=Match(), routes=(node,))
    town = catalog(routes=Route(key="root", lead="duty", routes=(node,)))
    found = decide_route(town, event(), judgement("p1", hint="none"), "")
    assert found.lead == ("renshe" if lead == "renshe" else "duty")
    assert len(found.route) == depth + 2


def test_a_place_that_is_only_the_province_is_said_to_be_none() -> None:
    vague = event(place="浙江省", region="330000")
    assert "地点未能定位到市县(只知在浙江省)，由本级单位先行承接。" in decide_route(catalog(), vague, None, "").why
