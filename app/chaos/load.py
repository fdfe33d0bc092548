"""Invented posts in any number: ordinary ones that resemble one another little, and grave events told by several posts each."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache

from app.demo.texts import load_noise
from stream.messages import Post, post_id

NAMES = "云溪柳湖梅岭松涛兰亭竹径荷风桂语枫林晓月清泉翠谷丹霞金沙银杏石桥花港雁荡鹿鸣"
KINDS = ("小区", "小学", "新村", "花园", "工业园", "公司工地", "医院", "农贸市场")
CLAUSES = 14  # of an ordinary post: about 200 characters
COUNTIES = {
    "330109": "萧山区",
    "330212": "鄞州区",
    "330304": "瓯海区",
    "330603": "柯桥区",
    "330782": "义乌市",
    "331081": "温岭市",
}
TELLINGS = (
    (
        "{county}{name}实验小学食堂食物中毒",
        "{county}{name}实验小学食堂今天午饭后有二十三名学生呕吐腹泻送医院抢救，疑似食物中毒，家长非常着急。",
    ),
    (
        "{name}实验小学学生集体呕吐",
        "我孩子在{county}{name}实验小学读书，中午在食堂吃完饭就呕吐，班里十几名学生都送医了，学校没有说法。",
    ),
    (
        "{name}实验小学食堂到底怎么回事",
        "听说{county}{name}实验小学食堂食物中毒，救护车来了好几辆，请市场监管部门查一查食堂。",
    ),
    (
        "请查处{name}实验小学食堂",
        "{county}{name}实验小学食堂的饭菜让二十多名学生腹泻住院，家长群里都在问，请尽快调查并公布结果。",
    ),
    (
        "{name}实验小学中毒学生还在医院",
        "来电人反映{county}{name}实验小学食堂食物中毒的学生有五名还在医院，要求公布原因。",
    ),
)


def ordinary_posts(n: int, seed: int, start: datetime, per_day: float) -> Iterator[Post]:
    """Posts of about 200 characters, put together from clauses of the demo's texts and drawn names; the same for a seed."""
    draw = random.Random(seed)  # noqa: S311 - invented texts, no secret
    for number in range(n):
        name = "".join(draw.choices(NAMES, k=3))
        told = "，".join(draw.sample(_clauses(), CLAUSES))
        text = f"{name}{draw.choice(KINDS)}{told}。"
        at = start + timedelta(days=number / per_day)
        yield Post(post_id("load", f"{seed}/{number}"), "load", "message", "", text, at, at, region="330106")


def planted_posts(n: int, seed: int, at: datetime) -> list[list[Post]]:
    """`n` grave events (at most len(COUNTIES)), each in a county of its own and told by len(TELLINGS) posts."""
    draw = random.Random(f"planted {seed}")  # noqa: S311 - invented texts, no secret
    names = draw.sample([a + b + c for a in NAMES[:16] for b in NAMES[16:28] for c in NAMES[28:]], n)
    places = zip(names, draw.sample(sorted(COUNTIES), n), strict=True)
    return [[_telling(seed, name, county, number, at) for number in range(len(TELLINGS))] for name, county in places]


def _telling(seed: int, name: str, region: str, number: int, at: datetime) -> Post:
    title, text = (part.format(county=COUNTIES[region], name=name) for part in TELLINGS[number])
    return Post(post_id("planted", f"{seed}/{name}/{number}"), "load", "message", title, text, at, at, region=region)


@cache
def _clauses() -> list[str]:
    told = (clause for one in load_noise() for clause in re.split("[，。！？；\n]", one.text) if len(clause) > 5)
    return sorted(set(told))
