"""What posts name keeps apart what is told in the same words; many events may be told in them at once."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import replace

import pytest

from alerts.events import EventIndex
from alerts.grouping_lookup import CROWD, FOUND, ByName
from alerts.grouping_objects import differ, levels_of, lookup_keys, objects_in
from stream.messages import Judged, Scored
from tests.alerts.telling import DAY, QUESTIONS, WINDOW, XIAOSHAN, group, tell

_LETTERS = "云锦瑞和景春明翠澜星海岚桂棠栖临望听松揽月朗嘉禾紫金丹青鹿鸣雁归竹溪柳岸枫荷塘梅坞兰亭菊圃"
_DRAW = random.Random(11)
NAMES = ["".join(_DRAW.sample(_LETTERS, 3)) for _ in range(30)]
ESTATE = (
    ("{0}小区电梯三天两头停运", "{0}小区三号楼的电梯上个月困了四次人，维保单位来看一眼就走，物业说没有维修资金。"),
    ("{0}小区电梯坏了没人修", "住在{0}小区，电梯停了一个星期，老人下不了楼，物业一直推，请协调解决。"),
    ("", "谁来管管{0}小区的电梯？停了一个星期，家里有刚出生的孩子，每天爬十八楼。"),
)
SCHOOL = (
    ("{0}小学学生集体呕吐", "我孩子在{0}小学读书，中午在食堂吃完饭就呕吐，班里十几名学生都送医了，学校没有说法。"),
    ("请查处{0}小学食堂", "{0}小学食堂的饭菜让二十多名学生腹泻住院，家长群里都在问，请尽快调查并公布结果。"),
    ("{0}小学中毒学生还在医院", "来电人反映{0}小学食堂食物中毒的学生有五名还在医院，要求公布原因。"),
)


def named(title: str, text: str = "") -> list[str]:
    return [one[1:] for one in objects_in(title, text, lambda pair: True)]


def asks(one: Judged) -> Judged:
    return Judged(one.post, replace(one.judgement, intent=Scored("ask", 0.9)))


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("反映云锦小区停水", "", ["云锦|小区"]),
        ("萧山区石桥花实验小学食堂", "", ["石桥花|小学"]),  # 桥 is a letter of the name, 实验 none
        ("", "我住在闻堰街道云锦小区", ["云锦|小区", "闻堰|街道"]),  # finest first
        ("市政府大楼", "", []),
        ("我们小区停水", "", []),
        ("", "没有名字的抱怨", []),
    ],
)
def test_what_is_named(title: str, text: str, expected: list[str]) -> None:
    assert named(title, text) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("云锦小区停水", "柳湖小区停水", 1.0),
        ("闻堰街道云锦小区停水", "闻堰街道柳湖小区停水", 1.0),  # the street is the same, the estate is not
        ("云锦小区停水", "投诉云锦小区", -1.0),
        ("闻堤小学停水", "闻提小学停水", 0.5),
        ("云溪月小学停水", "柳溪月小学停水", -1.0),  # where a name begins is not known
        ("云锦小区停水", "柳湖公园停水", 1.0),
        ("云锦小区停水", "闻堰街道停水", 0.0),  # an estate and a street are no two estates
        ("云锦小区停水", "停水三天", 0.0),
    ],
)
def test_whether_things_differ(first: str, second: str, expected: float) -> None:
    one, other = (levels_of(objects_in(text, "", lambda pair: True)) for text in (first, second))
    assert differ(one, other)[0] == differ(other, one)[0] == expected


@pytest.mark.parametrize(("title", "text"), [ESTATE[0], SCHOOL[0]])
def test_two_places_of_one_county_in_the_same_sentences_are_two_events(title: str, text: str) -> None:
    long = f"{text}{'打过好几次热线，每次都说已经转办，之后就没有下文。' * 4}"
    told = [
        tell(name, title.format(name), long.format(name), place=XIAOSHAN, day=n, topic="housing")
        for n, name in enumerate(("云锦瑞", "柳湖月"))
    ]
    index = EventIndex(WINDOW)
    assigned = index.assign(told)
    assert len({one.event.id for one in assigned}) == 2
    assert not assigned[1].post.near_copy


def test_the_street_that_both_name_does_not_join_two_estates() -> None:
    text = "闻堰街道{0}小区三号楼电梯三天两头停运，上个月困了四次人，维保单位来看一眼就走，请闻堰街道协调解决。"
    told = [tell(name, f"闻堰街道{name}小区电梯故障", text.format(name), place=XIAOSHAN) for name in ("云锦", "柳湖")]
    assert len(set(group(told).values())) == 2


def test_who_names_no_estate_does_not_glue_two_together() -> None:
    text = "三号楼电梯三天两头停运，上个月困了四次人，维保单位来看一眼就走，物业说没有维修资金，请闻堰街道协调解决。"
    told = [
        tell("a", "闻堰街道云锦瑞小区电梯故障", f"闻堰街道云锦瑞小区{text}"),
        tell("none", "闻堰街道某某电梯故障", f"闻堰街道某某{text}"),
        tell("b", "闻堰街道柳湖月小区电梯故障", f"闻堰街道柳湖月小区{text}"),
    ]
    found = group(told)
    assert found["a"] != found["b"]


def test_a_near_copy_that_the_classifier_names_of_another_place_does_not_join() -> None:
    text = ESTATE[0][1] + "希望有人管。" * 20
    first, second = (tell(name, "", text.format(name)) for name in ("云锦", "柳湖"))
    second = Judged(second.post, replace(second.judgement, near_copy_of="云锦"))
    assert len(set(group([first, second]).values())) == 2


def test_what_one_names_may_stand_in_the_other_without_its_kind() -> None:
    told = [
        tell("a", "云锦之城小区油烟直排扰民", "云锦之城小区楼下烧烤店油烟直排，半夜还在营业，住户不敢开窗。"),
        tell("b", "云锦之城商铺没有烟道", "云锦之城楼下烧烤店油烟直排，排到柳湖公寓那边，半夜还在营业，住户不敢开窗。"),
    ]
    assert len(set(group(told).values())) == 1


@pytest.mark.parametrize(("tellings", "severity", "least"), [(ESTATE, 2, 28), (SCHOOL, 4, 26)])  # grave ones draw
def test_thirty_events_told_in_the_same_words_at_once_stay_whole_and_apart(
    tellings: tuple[tuple[str, str], ...], severity: int, least: int
) -> None:
    told = [
        tell(f"{name}-{n}", title.format(name), text.format(name), day=n / 10, severity=severity, topic="housing")
        for name in NAMES
        for n, (title, text) in enumerate(tellings)
    ]
    random.Random(3).shuffle(told)
    events = group(told)
    whole = sum(len({events[f"{name}-{n}"] for n in range(3)}) == 1 for name in NAMES)
    apart = len(set(events.values()))
    assert whole >= 26
    assert least <= apart <= 33


def test_a_question_that_names_nothing_takes_in_no_complaint() -> None:
    question = asks(tell("ask", "请问异地贷款续贷的抵押评估费怎么收", "请问异地贷款续贷的抵押评估费怎么收，谁来出？"))
    other = tell("other", "异地贷款续贷被收抵押评估费", "办异地贷款续贷被收了两千元抵押评估费，不知道依据。", day=1)
    assert group([question, other]) == {"ask": "ev-ask", "other": "ev-other"}


def test_the_same_question_again_joins() -> None:
    one = asks(QUESTIONS[0])
    again = Judged(replace(one.post, id="again"), replace(one.judgement, post_id="again"))
    assert group([one, again])["again"] == "ev-question-1"


def test_a_serious_event_draws_what_names_its_thing_while_it_is_talked_about_and_no_longer() -> None:
    told = [
        tell("a", "闻堤小学门口塌方", "闻堤小学门口的路塌了一个大坑", severity=3, topic="traffic"),
        tell("b", "闻堤小学门口的路又塌了", "闻堤小学门口的路塌了一个大坑，还没有人来修", severity=3, topic="traffic"),
        tell("c", "闻堤小学暑假补课收费", "老师让家长交两千元补课费", day=5, severity=2, topic="education"),
    ]
    assert group(told)["c"] == "ev-c"


def test_where_no_time_is_known_nothing_is_drawn() -> None:
    told = [
        tell("a", "闻堤小学多名学生呕吐腹泻", "午饭后三十多个孩子被送医院", severity=4, topic="food_drug"),
        tell("b", "闻堤小学让家长签承诺书", "承诺书上写着自愿放弃追究", severity=2, topic="education"),
    ]
    assert group(told)["b"] == "ev-b"


def least(rows: Collection[int], most: int) -> list[int]:
    return sorted(rows)[:most]


def test_of_many_rows_those_told_of_last_are_taken_equally_late_ones_by_the_id_of_the_post() -> None:
    index = EventIndex(60 * DAY)
    index.assign([tell(name, f"{name}小区停水", "", day=number // 3) for number, name in enumerate(NAMES)])
    rows = list(index._seats)
    assert len({index._seats[row].unit.id for row in rows}) == len(NAMES) > 6
    plain = sorted(
        rows, key=lambda row: (-index._seats[row].unit.last_seen.timestamp(), index._seats[row].member.post_id)
    )
    for most in range(1, len(rows) + 2):
        assert index._told_last(set(rows), most) == plain[:most]


def test_rows_are_found_by_name_in_any_order_of_coming() -> None:
    things = objects_in("云锦小区停水", "", lambda pair: True)
    found = []
    for order in (range(10), reversed(range(10))):
        names = ByName()
        for row in order:
            names.add(row, things)
        names.remove(3, things)
        found.append(names.find([things, things], least))
    assert (
        found[0]
        == found[1]
        == [
            *((0, row) for row in (0, 1, 2, 4, 5, 6)[:FOUND]),
            (1, ~0),
            *((1, row) for row in (0, 1, 2, 4, 5, 6)[:FOUND]),
        ]
    )


def test_a_name_that_a_crowd_has_is_not_looked_up() -> None:
    things = objects_in("云锦小区停水", "", lambda pair: True)
    names = ByName()
    for row in range(CROWD + 1):
        names.add(row, things)
    assert names.find([things], least) == []
    assert lookup_keys(things) == ["云锦"]


def test_an_index_of_one_day_forgets_names_with_their_posts() -> None:
    index = EventIndex(DAY)
    for number, name in enumerate(NAMES):
        index.assign([tell(name, f"{name}小区停水", f"{name}小区停水三天。", day=3 * number)])
    assert len(index) == 1
