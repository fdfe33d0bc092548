"""Where a post's problem is: told only when the text or the source says so, never a wrong county."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.places import Places
from configs.catalog import City, County, Province
from configs.lexicon import PlaceWords
from configs.loader import load_catalog

PROVINCES = load_catalog([]).provinces
PLACES = Places(PROVINCES)
KNOWN = load_catalog([]).atlas.names
CODES = {county.code for province in PROVINCES for city in province.cities for county in city.counties}


@pytest.mark.parametrize(
    ("title", "text", "code"),
    [
        ("", "余杭区仓前街道停水三天", "330110"),
        ("", "我们拱墅这边物业不管", "330105"),  # a short name that dictionaries lack
        ("", "义乌佛堂镇的路灯不亮", "330782"),
        ("", "杭州市西湖区翠苑街道垃圾没人收", "330106"),  # 西湖区 is found elsewhere too; its city is named
        ("", "西湖区翠苑街道垃圾没人收", "330106"),  # ... or its street
        ("", "台州路桥区新桥镇断头路", "331004"),  # 新桥镇 is in two counties
        ("", "住在宁波江北，空调外机太吵", "330205"),
        ("", "杭州市政府门口的花坛", "330100"),  # a city alone gives the city
        ("诸暨一家厂欠薪", "老板说去义乌要钱，义乌的人又说不归他们", "330681"),  # first the title
        ("", "从萧山出发，到富阳时车坏在路上，富阳的交警来帮忙", "330111"),  # then the most often named
        ("", "瑞安和乐清都下雨", "330381"),  # then the first
        ("杭州一日游", "从苍南坐车过来玩", "330100"),  # the title's city, no county of another
    ],
)
def test_what_the_text_says(title: str, text: str, code: str) -> None:
    place, reasons = PLACES.find(title, text, "")
    assert (place.code, place.basis) == (code, "text")
    assert any(reason.answer == f"place:{code}" and reason.phrase for reason in reasons)


@pytest.mark.parametrize(
    "text",
    [
        "面临安全隐患",
        "孩子语文成绩下降",
        "祝大家平安吉祥",
        "朝东阳台漏水",
        "建设美丽水乡",
        "光临海鲜店",
        "校务公开化",
        "马上城管就来",
        "路桥公司拖欠材料款",
        "一下沙发就塌了",
        "温州路堵车",  # a street
        "余杭塘路施工",
        "A市A3区K8县的事",  # anonymised
        "A3区西湖街道停电",
        "",
    ],
)
def test_names_inside_other_words_are_no_places(text: str) -> None:
    place, _ = PLACES.find("", text, "")
    assert place.code == ""
    assert not place.candidates


@pytest.mark.parametrize("home", ["", "330000", "330106"])
@pytest.mark.parametrize(
    "text", ["南昌市西湖区停水", "南昌西湖区停水", "重庆江北区停水", "上海市普陀区停水", "A市西湖区停水"]
)
def test_a_district_of_a_city_elsewhere_is_not_ours(text: str, home: str) -> None:
    place, reasons = PLACES.find("", text, home)
    assert place.code not in CODES
    assert bool(place.code) == ("A市" not in text)  # of an unknown city nothing is known
    assert reasons[0].rule == "文中写明的地点不在所辖范围"


@pytest.mark.parametrize(
    ("text", "home", "code", "candidates"),
    [
        ("西湖区停水", "", "", ("330106", "360103")),  # found elsewhere too, and nothing else is said
        ("西湖区停水", "330000", "330106", ()),
        ("新桥镇停电", "", "", ("330225", "331004")),
        ("新桥镇停电", "331000", "331004", ()),  # the source's home decides
        ("温州有人说新桥镇停电", "", "330300", ()),  # neither is in Wenzhou: only the city is sure
        ("城东街道停电", "330702", "330702", ()),
        ("城东街道停电", "330700", "330700", ("330382", "330702", "330783", "330902", "331081")),
        ("江北街道修路", "", "", ("330324", "330783")),
    ],
)
def test_ambiguous_names_stay_open_without_a_second_clue(
    text: str, home: str, code: str, candidates: tuple[str, ...]
) -> None:
    place, reasons = PLACES.find("", text, home)
    assert (place.code, place.candidates) == (code, candidates)
    assert reasons


@pytest.mark.parametrize(
    ("text", "home", "code", "basis"),
    [
        ("路灯坏了", "330110", "330110", "source"),
        ("路灯坏了", "330100", "330100", "source"),
        ("浙江今年雨多", "330110", "330110", "source"),  # the province says less than the home
        ("浙江今年雨多", "", "330000", "text"),
        ("路灯坏了", "330000", "330000", "source"),
        ("路灯坏了", "", "", ""),
        ("路灯坏了", "999999", "", ""),  # a home that is not configured
        ("宁波的路灯坏了", "330110", "330200", "text"),  # the text goes before the home
    ],
)
def test_the_home_of_the_source_counts_when_the_text_names_nothing(text: str, home: str, code: str, basis: str) -> None:
    place, _ = PLACES.find("", text, home)
    assert (place.code, place.basis) == (code, basis)


@pytest.mark.parametrize(
    ("text", "home", "code"),
    [
        ("这个药本地没有，要去杭州买", "330825", "330825"),
        ("在龙游买不到，要去金华买", "", "330825"),
        ("要去杭州买药", "", "330100"),  # nothing else is said
    ],
)
def test_where_somebody_only_goes_is_not_where_the_problem_is(text: str, home: str, code: str) -> None:
    assert PLACES.find("", text, home)[0].code == code


def test_the_names_of_all_levels_are_given() -> None:
    place, _ = PLACES.find("", "西湖区翠苑街道垃圾没人收", "330000")
    assert (place.province, place.city, place.county, place.town) == ("浙江省", "杭州市", "西湖区", "翠苑街道")
    assert place.label == "杭州市西湖区翠苑街道"


def test_the_common_city_of_all_candidates() -> None:
    towns = ("同名镇",)
    city = City(
        code="990100",
        name="甲乙市",
        counties=(
            County(code="990101", name="丙丁区", towns=towns),
            County(code="990102", name="戊己区", towns=towns),
        ),
    )
    place, _ = Places([Province(code="990000", name="某某省", cities=(city,))], PlaceWords()).find("", "同名镇停水", "")
    assert (place.code, place.candidates) == ("990100", ("990101", "990102"))


def test_reasons_show_where_the_phrase_stands() -> None:
    title, text = "求助", "我住在绍兴市柯桥区，楼下是萧山老板开的店"
    _, reasons = PLACES.find(title, text, "")
    phrases = [(text if reason.field == "text" else title)[reason.start : reason.end] for reason in reasons]
    assert phrases == [reason.phrase for reason in reasons]
    assert {reason.answer for reason in reasons} == {"place:330603", "place:330109"}
    assert reasons[0].weight > reasons[-1].weight


NAMES = sorted(
    {name for p in PROVINCES for c in p.cities for k in c.counties for name in (k.name, *k.aliases, *k.towns)}
)


@given(
    st.lists(st.sampled_from([*NAMES, "南昌市", "重庆", "的", "，", "在", "路", "A3区"]), max_size=8),
    st.sampled_from(["", "330000", "330106"]),
)
def test_any_mixture_of_names_gives_known_codes(parts: list[str], home: str) -> None:
    place, reasons = PLACES.find("", "".join(parts), home)
    assert set(place.candidates) <= set(KNOWN)
    assert not place.code or KNOWN[place.code] == (place.province, place.city, place.county)
    assert bool(place.code) == bool(place.basis)
    assert all("".join(parts)[reason.start : reason.end] == reason.phrase for reason in reasons)
