"""Recall and false alarms on tables of invented posts: `first` was written before the rules were mended, `second` and `third`
after; only `third` was measured before anything was changed because of it (40 of 50, 1 of 50)."""

from __future__ import annotations

from pathlib import Path

import pytest

import configs
from alerts.accused import accusations
from configs.loader import load_catalog

OFFICES = load_catalog([Path(configs.__file__).parent]).offices
# table, share of the accused that are found (where a model says that the post complains), share without a model, false alarms
TABLES = [("first", 0.97, 0.95, 0.01), ("second", 0.93, 0.55, 0.05), ("third", 0.90, 0.50, 0.05)]


def rows(name: str, table: str) -> list[tuple[set[str], str]]:
    lines = Path(__file__).with_name(f"{name}_{table}.tsv").read_text("utf-8").splitlines()
    return [(set(keys.split(",")), text) for keys, _, text in (line.partition("\t") for line in lines)]


@pytest.mark.parametrize(("table", "with_model", "words_alone", "_"), TABLES)
def test_whoever_is_accused_is_found(table: str, with_model: float, words_alone: float, _: float) -> None:
    found = {True: 0, False: 0}
    wanted = rows("accusing", table)
    for keys, text in wanted:
        for negative in found:
            found[negative] += len(keys & set(accusations(OFFICES, text, negative=negative)))
    n = sum(len(keys) for keys, _ in wanted)
    assert found[True] / n >= with_model
    assert found[False] / n >= words_alone


@pytest.mark.parametrize(("table", "_", "__", "most"), TABLES)
def test_a_mere_mention_is_no_accusation(table: str, _: float, __: float, most: float) -> None:
    its = rows("mentioning", table)
    assert sum(bool(accusations(OFFICES, text)) for _, text in its) / len(its) <= most


def test_the_tables_are_large_and_share_no_post() -> None:
    accusing = [text for table, *_ in TABLES for _, text in rows("accusing", table)]
    mentioning = [text for table, *_ in TABLES for _, text in rows("mentioning", table)]
    assert len(accusing) >= 250
    assert len(mentioning) >= 250
    assert len({*accusing, *mentioning}) == len(accusing) + len(mentioning)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("我到派出所报案。他们根本不管。", {"gongan"}),
        ("致电住建局，对方一句“不归我们管”就挂断", {"zhujian"}),
        ("好一个为民服务的民政局，把老人抬到窗口", {"minzheng"}),
        ("希望人社局不要再推诿", {"renshe"}),
        ("希望人社局不要推诿", set()),
        ("人民政府推诿", {"gov"}),  # holds 民政 and does not mean the 民政局
        ("镇人民政府推诿", {"xiangzhen"}),
        ("派出所门口的路灯没人管", set()),
        ("有人冒充交警收黑钱", set()),
        ("如果人社局推诿怎么办", set()),
        ("环保局和镇政府互相推", {"huanjing", "xiangzhen"}),
        ("自来水公司一直没人来", set()),  # a company's service; its office is above it
    ],
)
def test_who_is_meant(text: str, keys: set[str]) -> None:
    assert set(accusations(OFFICES, text)) == keys


def test_in_a_long_complaint_an_office_may_be_named_in_passing() -> None:
    said = "人社局在三楼办公。"
    assert "renshe" in accusations(OFFICES, said, negative=True)
    assert accusations(OFFICES, said + "老板欠薪。" * 40, negative=True) == {}
