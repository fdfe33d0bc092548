"""`minsheng route` and `minsheng routes`, on the shipped tree with invented posts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import configs
from alerts.dispatch_rules import suggestions
from app.cli import cli
from app.routes_versions import suggestion_text
from app.routing import route_row
from app.wire import open_house
from configs.catalog import Catalog
from configs.loader import load_catalog
from stream.messages import Judged
from tests.alerts.test_dispatch import moved
from tests.alerts.town import NOW, judgement, post

SHIPPED = load_catalog([Path(configs.__file__).parent])
OLDER = Catalog(
    **{name: getattr(SHIPPED, name) for name in Catalog.model_fields}
    | {"routes": SHIPPED.routes.model_copy(update={"lead": "gov"})}
)


def row(text: str, topic: str = "wages", hint: str = "renshe", **changes: Any) -> dict[str, Any]:
    return route_row(SHIPPED, Judged(post("p1", text, title=""), judgement("p1", topic, hint, **changes)))


@pytest.mark.parametrize(
    ("text", "office"),
    [
        ("隔壁楼着火了，还有老人被困", "xiaofang"),
        ("有人在路边晕倒在地，快叫救护车", "weijian"),
        ("小区门口有人持刀追人", "gongan"),
    ],
)
def test_what_is_for_110_119_120_is_handed_over_at_once(text: str, office: str) -> None:
    found = row(text, "municipal", "chengguan")
    assert found["office"] == office
    assert any("110、119、120" in clock["name"] and clock["hours"] <= 1 for clock in found["clocks"])


@pytest.mark.parametrize("text", ["去年隔壁楼着火了，赔偿至今没谈好", "感谢民警救下要跳楼的女子", "请问着火了怎么逃生"])
def test_what_is_over_or_asked_is_no_emergency(text: str) -> None:
    assert all("110" not in clock["name"] for clock in row(text)["clocks"])


def test_an_accused_police_station_is_not_called_either() -> None:
    found = row("民警持刀威胁我", "police", "gongan")
    assert found["office"] != "gongan"
    assert found["never"] == ["gongan"]


def test_a_question_has_only_the_time_to_answer_it() -> None:
    found = row("社保卡丢了去哪里补办", "social_security", "renshe", intent="ask", sentiment="neu", severity=1)
    assert found["clocks"] == [
        {"name": "办结(咨询)", "working_days": 2, "source": "地方默认值(参照广东省2022年12345热线规定)"}
    ]


@pytest.mark.parametrize(("hint", "office"), [("ziran", "ziran"), ("none", "zhengwu"), ("jiwei", "jiwei")])
def test_who_applies_for_government_information_has_twenty_working_days_to_wait(hint: str, office: str) -> None:
    found = row("我要申请政府信息公开，查看本村的征地批文", "land", hint, intent="ask", sentiment="neu", severity=1)
    assert found["office"] == office
    if office != "jiwei":
        assert [(one["name"], one["working_days"]) for one in found["clocks"]] == [("答复政府信息公开申请", 20)]
        assert found["basis"] == "政府信息公开条例第三十三条"


def test_a_grave_accident_starts_the_clocks_of_its_grade() -> None:
    found = row("工地脚手架塌了", "safety", "yingji", severity=4, event_grade="重大")
    assert found["event_grade"] == "重大"
    assert {"发布权威信息": 5.0, "举行新闻发布会": 24.0}.items() <= {
        one["name"]: one.get("hours") for one in found["clocks"]
    }.items()


def test_discipline_matters_are_for_one_office_alone() -> None:
    found = row("人社局局长收了包工头的红包，工地欠薪没人管")
    assert (found["office"], found["helps"], found["never"]) == ("jiwei", [], ["renshe"])


@pytest.mark.parametrize(
    ("text", "hint", "sent", "office"),
    [
        ("人社局不作为，多次反映都推诿", "renshe", "gov", "zhengwu"),
        ("人社局和政务服务中心不作为，多次反映都推诿", "renshe", "gov", "jiwei"),
        ("对信访复查意见不服", "renshe", "xinfang", "zhengwu"),
    ],
)
def test_an_office_that_the_guide_does_not_know_is_named_by_another_that_is_not_accused(
    text: str, hint: str, sent: str, office: str
) -> None:
    found = row(text, "wages", hint)
    assert (found["sent_to"][0], found["office"]) == (sent, office)
    assert office not in found["never"]
    assert f"office 记为 {office}" in found["reasons"][-1]


def test_what_is_for_no_office_is_for_the_staff_on_duty(tmp_path: Path) -> None:
    found = row("今天天气真好", "none", "none", intent="other", sentiment="pos", severity=1)
    assert (found["office"], found["sent_to"]) == ("none", ["duty"])


def test_helping_offices_that_the_guide_does_not_know_are_left_out() -> None:
    found = row("网传谣言说要封路", "police", "gongan")
    assert (found["office"], found["helps"], found["sent_to"]) == ("gongan", [], ["gongan", "wangxin"])


def test_the_file_is_told_by_what_it_says_not_how_it_is_laid_out() -> None:
    assert load_catalog([Path(configs.__file__).parent]).routes_version == SHIPPED.routes_version
    assert OLDER.routes_version != SHIPPED.routes_version


# ---- the command line ----


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    env = {"MINSHENG_DATA": str(tmp_path / "data")}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return env


def test_versions_are_listed_shown_and_compared(home: dict[str, str]) -> None:
    house = open_house(home)
    old = OLDER
    with house.ledger.begin() as tx:
        tx.routings.note(old.routes_version, old.routes_text, "li", NOW)
    house.close()
    run = CliRunner().invoke
    listed = run(cli, ["routes", "versions"]).output
    assert f"{old.routes_version}  2026-11-25 10:00 起  li  案件 0" in listed
    assert f"{SHIPPED.routes_version}  尚未用于派单  现行" in listed
    assert "lead: gov" in run(cli, ["routes", "show", old.routes_version[:6]]).output
    compared = run(cli, ["routes", "diff", old.routes_version[:6]]).output
    assert "-lead: gov" in compared
    assert "+lead: duty" in compared


def test_a_suggested_rule_can_be_pasted(tmp_path: Path) -> None:
    (one,) = suggestions(moved(3))
    text = suggestion_text(SHIPPED, one)
    assert "MS-0 wang: 油烟归城管" in text
    for path in Path(configs.__file__).parent.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    tree = (tmp_path / "routes.yaml").read_text("utf-8")
    (tmp_path / "routes.yaml").write_text(tree.replace("\nroutes:\n", f"\nroutes:\n{text}", 1), "utf-8")
    first = load_catalog([tmp_path]).routes.routes[0]
    assert (first.lead, first.match.words) == ("chengguan", ("油烟", "夜市"))
