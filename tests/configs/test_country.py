"""The divisions of the whole country, and what a code means beside the configured area."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from configs.catalog import Catalog, City, County, Province, region_within
from configs.country import Atlas, Division, load_country
from configs.errors import ConfigError
from configs.loader import load_catalog
from tests.configs.town import load_town

COUNTRY = load_country()
NAME = {one.code: one.name for one in COUNTRY}


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    return load_catalog([])


def level(code: str) -> int:
    return 0 if code.endswith("0000") else 1 if code.endswith("00") else 2


def test_the_country_is_complete() -> None:
    assert Counter(level(code) for code in NAME) == {0: 34, 1: 333, 2: 2845}
    assert sum(code.startswith("33") for code in NAME) == 1 + 11 + 90
    assert all(f"{code[:2]}0000" in NAME for code in NAME)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("110105", "朝阳区"),
        ("320106", "鼓楼区"),
        ("370116", "莱芜区"),  # 2019
        ("320614", "海门区"),  # 2020
        ("330113", "临平区"),  # 2021
        ("410307", "偃师区"),
        ("350404", "三元区"),
        ("520581", "黔西市"),
        ("540481", "米林市"),  # 2023
        ("659012", "白杨市"),
        ("429004", "仙桃市"),
        ("460400", "儋州市"),
        ("710000", "台湾省"),
    ],
)
def test_names_as_in_force(code: str, name: str) -> None:
    assert NAME[code] == name


def test_the_configured_province_agrees_with_the_country(shipped: Catalog) -> None:
    own = {code: names[[0, 1, 2][level(code)]] for code, names in shipped.atlas.ours.items()}
    assert own == {code: name for code, name in NAME.items() if code.startswith("33")}


def test_the_towns_of_the_configured_province_are_complete(shipped: Catalog) -> None:
    counties = {
        county.code: county for province in shipped.provinces for city in province.cities for county in city.counties
    }
    towns = [town for county in counties.values() for town in county.towns]
    assert len(towns) >= 1365  # 街道、镇、乡 of the statistics of 2023
    assert all(town.endswith(("街道", "镇", "乡")) for town in towns)
    assert {"青街畲族乡", "闹村乡"} <= set(counties["330326"].towns)
    assert {"靖江街道", "南阳街道"} <= set(counties["330109"].towns)


def test_no_alias_stands_for_two_places_but_those_of_a_county_that_was_split() -> None:
    aliases = Counter(alias for one in COUNTRY for alias in one.aliases)
    names = {one.name for one in COUNTRY}
    assert {alias for alias, n in aliases.items() if n > 1 or alias in names} == {"江北区", "渝北区"}
    assert all(len(alias) >= 2 for alias in aliases)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("320106", "南京市鼓楼区"),
        ("110105", "北京市朝阳区"),
        ("429004", "仙桃市"),
        ("441900", "东莞市"),
        ("320000", "江苏省"),
        ("330106", "杭州市西湖区"),
        ("990000", ""),
        ("", ""),
    ],
)
def test_places_are_named_in_full(shipped: Catalog, code: str, name: str) -> None:
    assert shipped.place_name(code) == name


def test_what_lies_in_the_configured_area(shipped: Catalog) -> None:
    assert [shipped.atlas.is_ours(code) for code in ("330106", "330100", "330000", "320106", "310000")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_of_a_city_whose_counties_are_listed_no_other_is_ours() -> None:
    cities = (
        City(code="330100", name="杭州市", counties=(County(code="330106", name="西湖区"),)),
        City(code="330200", name="宁波市"),
    )
    atlas = Atlas((Province(code="330000", name="浙江省", cities=cities),), COUNTRY)
    assert [atlas.is_ours(code) for code in ("330106", "330109", "330212", "330300", "330000")] == [
        True,
        False,
        True,
        False,
        True,
    ]
    assert Atlas((Province(code="330000", name="浙江省"),), COUNTRY).is_ours("330302")


def test_without_any_configured_province_everything_is_ours() -> None:
    assert Atlas((), COUNTRY).is_ours("320106")


def test_names_that_are_configured_hold() -> None:
    mine = Province(code="320000", name="苏省", cities=(City(code="320100", name="宁城"),))
    atlas = Atlas((mine,), COUNTRY)
    assert atlas.full_name("320100") == "宁城"
    assert atlas.full_name("320106") == "南京市鼓楼区"


def test_every_county_lies_in_what_its_names_say(shipped: Catalog) -> None:
    for code, (province, city, county) in shipped.atlas.names.items():
        assert province
        assert bool(county) == (level(code) == 2)
        assert not city or region_within(code, f"{code[:4]}00")


def test_a_list_of_ones_own_replaces_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "country.tsv").write_text("\ufeff# 只有一省\n320000\t江苏省\t\t江苏 苏\n\n320100\t南京市\n", "utf-8")
    catalog = load_town(tmp_path)
    assert catalog.country == (Division("320000", "江苏省", "", ("江苏", "苏")), Division("320100", "南京市"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("32\t江苏省\n", r"country\.tsv:1: code = 32: 不是六位区划代码；核对 GB/T 2260 代码"),
        ("# 头\n320000 江苏省\n", r"country\.tsv:2: 有 1 列；每行 2 至 4 列"),
        ("320000\t江苏省\n320000\t苏省\n", r"country\.tsv:2: code = 320000: 与第 1 行重复；删去其中一行"),
        ("320000\t苏\n", r"country\.tsv:1: name = 苏: 全称至少两个字"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "country.tsv").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=told):
        load_catalog([tmp_path])


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "country.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"country\.tsv: 读不出来"):
        load_catalog([tmp_path])


def test_a_misspelt_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "county.tsv").write_text("", "utf-8")
    with pytest.raises(ConfigError, match=r"county\.tsv: 不认识的配置文件，不会被读取；是不是 country\.tsv\?"):
        load_catalog([tmp_path])
