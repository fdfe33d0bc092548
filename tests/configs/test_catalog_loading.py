"""The shipped catalogue, and how a folder of one's own lies over it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from alerts.cases import VERBS
from configs.catalog import Catalog
from configs.crosscheck_clocks import ACTIONS
from configs.errors import ConfigError
from configs.loader import SHIPPED, load_catalog
from tests.configs.town import load_town, write_town

OFFICES = """
renshe zhujian ziran shichang huanjing jiaoyu weijian yibao minzheng yingji xiaofang gongan jiaotong chengguan nongye
shuili fagai jinrong shuiwu wenlv zhengwu jingxin gongyong tuiyi canlian jiwei sifa xiangzhen gov duty
"""
DEMO_COUNTIES = ("330106", "330109", "330110", "330212", "330304", "330603", "330782", "331002")
AREAS = {
    "营商环境",
    "房地产金融",
    "工资拖欠",
    "生态环境",
    "食品药品安全",
    "教育医疗养老",
    "安全生产",
    "困难群众生活",
    "其他",
}


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    return load_catalog([])


def test_twenty_topics_in_nine_areas(shipped: Catalog) -> None:
    assert len(shipped.topics) == 20
    assert {topic.area for topic in shipped.topics} == AREAS
    assert all(topic.keywords for topic in shipped.topics if topic.key != "none")


def test_every_office_of_the_guide_is_there_and_reports_to_the_government(shipped: Catalog) -> None:
    assert set(OFFICES.split()) <= set(shipped.office)
    assert all(office.superior == "gov" for office in shipped.offices if office.key != "gov")
    assert shipped.office["gov"].superior is None


def test_shipped_addresses_can_reach_nobody(shipped: Catalog) -> None:
    addresses: list[str] = []
    for office in shipped.offices:
        addresses += [*office.emails, *office.deputies]
        addresses += [address for branch in office.branches for address in (*branch.emails, *branch.deputies)]

    assert all(address.endswith("@minsheng.example") for address in addresses)
    assert all(".example.org/" in source.url for source in shipped.sources)
    assert not any(source.enabled for source in shipped.sources)


@pytest.mark.parametrize("key", ["renshe", "zhujian", "shichang", "huanjing", "jiaoyu", "yingji"])
def test_the_counties_of_the_demo_have_branches(shipped: Catalog, key: str) -> None:
    assert {branch.region for branch in shipped.office[key].branches} >= set(DEMO_COUNTIES)


def test_a_branch_is_named_as_its_county_calls_it(shipped: Catalog) -> None:
    assert shipped.office_name("renshe@330109") == "萧山区人力资源和社会保障局"
    assert shipped.office_name("huanjing@330782") == "金华市生态环境局义乌分局"


def test_zhejiang_has_eleven_cities_and_ninety_counties(shipped: Catalog) -> None:
    (province,) = shipped.provinces
    counties = [county for city in province.cities for county in city.counties]

    assert len(province.cities) == 11
    assert len(counties) == 90
    assert [len(city.counties) for city in province.cities] == [13, 10, 12, 7, 5, 6, 9, 6, 4, 9, 9]
    assert len({county.code for county in counties}) == 90
    assert len({county.name for county in counties}) == 90
    assert all(len(set(county.towns)) == len(county.towns) >= 3 for county in counties)
    assert all(county.aliases for county in counties)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("330102", "杭州市上城区"),
        ("330105", "杭州市拱墅区"),
        ("330113", "杭州市临平区"),
        ("330114", "杭州市钱塘区"),
        ("330213", "宁波市奉化区"),
        ("330383", "温州市龙港市"),
        ("330782", "金华市义乌市"),
        ("331083", "台州市玉环市"),
        ("331127", "丽水市景宁畲族自治县"),
    ],
)
def test_codes_as_in_force_today(shipped: Catalog, code: str, name: str) -> None:
    assert shipped.region_names[code] == name


def test_an_alias_belongs_to_one_place_only(shipped: Catalog) -> None:
    (province,) = shipped.provinces
    counties = [county for city in province.cities for county in city.counties]
    lists = [province.aliases, *(city.aliases for city in province.cities), *(county.aliases for county in counties)]
    aliases = Counter(alias for names in lists for alias in names)

    assert [alias for alias, n in aliases.items() if n > 1] == []


def test_every_topic_but_none_has_a_route_with_a_basis(shipped: Catalog) -> None:
    routed = {topic: node for node in shipped.routes.routes for topic in node.match.topics}

    assert set(routed) == {topic.key for topic in shipped.topics} - {"none"}
    assert all(node.basis and node.source and node.lead in shipped.office for node in routed.values())


@pytest.mark.parametrize(
    ("topic", "lead"),
    [
        ("wages", "renshe"),
        ("housing", "zhujian"),
        ("finance", "jinrong"),
        ("food_drug", "shichang"),
        ("ecology", "huanjing"),
        ("safety", "yingji"),
        ("hardship", "minzheng"),
        ("education", "jiaoyu"),
        ("health", "weijian"),
        ("elderly", "minzheng"),
        ("police", "gongan"),
    ],
)
def test_who_leads_what(shipped: Catalog, topic: str, lead: str) -> None:
    assert next(node.lead for node in shipped.routes.routes if topic in node.match.topics) == lead


def test_the_clocks_of_the_central_documents(shipped: Catalog) -> None:
    clocks = {clock.key: clock for clock in shipped.clocks}

    assert (clocks["publish"].hours, clocks["press"].hours, clocks["respond"].hours) == (5, 24, 48)
    assert "80号" in clocks["publish"].source
    assert "61号" in clocks["press"].source
    assert not any(clocks[key].local for key in ("publish", "press", "respond"))
    assert (clocks["report"].hours, clocks["verify"].working_days) == (2, 2)
    assert all(clocks[key].local for key in ("report", "verify", "handle_ask", "handle_help", "handle_complaint"))


def test_the_actions_that_may_stop_a_clock_are_verbs_of_a_case() -> None:
    assert set(ACTIONS) <= set(VERBS)


def test_headers_of_hotline_sheets(shipped: Catalog) -> None:
    columns = shipped.sheet.columns

    for field, header in [
        ("id", "留言编号"),
        ("title", "留言主题"),
        ("text", "留言详情"),
        ("author", "留言用户"),
        ("published_at", "留言时间"),
        ("reply", "答复意见"),
        ("reply_at", "答复时间"),
        ("likes", "点赞数"),
        ("dislikes", "反对数"),
    ]:
        assert columns[field][0] == header


def test_a_file_of_ones_own_replaces_the_shipped_one_and_only_that(tmp_path: Path, shipped: Catalog) -> None:
    (tmp_path / "calendar.yaml").write_text("holidays: [2027-02-08]\n", "utf-8")

    catalog = load_catalog([tmp_path])

    assert [day.isoformat() for day in catalog.calendar.holidays] == ["2027-02-08"]
    assert catalog.topics == shipped.topics
    assert catalog.routes == shipped.routes


def test_the_last_folder_that_has_the_file_counts(tmp_path: Path) -> None:
    for name, day in [("one", "2027-01-02"), ("two", "2027-01-03"), ("three", "")]:
        (tmp_path / name).mkdir()
        if day:
            (tmp_path / name / "calendar.yaml").write_text(f"workdays: [{day}]\n", "utf-8")

    catalog = load_catalog([SHIPPED, tmp_path / "one", tmp_path / "two", tmp_path / "three"])

    assert [day.isoformat() for day in catalog.calendar.workdays] == ["2027-01-03"]


def test_a_dangling_name_in_ones_own_file_is_told_against_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text("key: root\nlead: rensh\n", "utf-8")

    with pytest.raises(ConfigError, match=r"routes\.yaml:2: lead = \"rensh\": 没有这个责任单位；是不是 renshe\?"):
        load_catalog([tmp_path])


def test_a_whole_catalogue_of_ones_own(tmp_path: Path) -> None:
    catalog = load_town(tmp_path)

    assert [topic.key for topic in catalog.topics] == ["wages", "none"]
    assert catalog.region_names["330106"] == "杭州市西湖区"


def test_anchors_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    rules = (
        "\ufeffrules:\n- &a {key: a, name: b, kind: grave, match: &m {topics: [wages]}}\n"
        "- {<<: *a, key: c, match: *m}\n"
    )

    assert [rule.match.topics for rule in load_town(tmp_path, rules=rules).rules] == [("wages",), ("wages",)]


def test_the_error_has_a_line_for_each_problem(tmp_path: Path) -> None:
    write_town(tmp_path, topics="topics:\n- {key: a}\n")

    with pytest.raises(ConfigError) as caught:
        load_catalog([tmp_path])

    assert len(caught.value.problems) == 2
    assert str(caught.value).count("\n") == 1
    assert str(caught.value).startswith(f"{tmp_path / 'topics.yaml'}:2: topics[a].name: 缺少这一项")
