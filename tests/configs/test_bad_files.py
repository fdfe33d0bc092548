"""Every mistake one can make in a file, with the message that helps: an entry of bad_files.yaml, one mistake each."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from configs.loader import load_catalog
from tests.configs.town import town_problems, write_town

CASES = yaml.safe_load(Path(__file__).with_name("bad_files.yaml").read_text("utf-8"))
OFFICE = "name: 人社局, short: 人社, emails: [a@town.example]"


def rows(*names: str) -> list[tuple[str, str, str]]:
    return [(case["file"], case["text"], case["says"]) for name in names for case in CASES[name]]


@pytest.mark.parametrize(("file", "text", "message"), rows("form", "between"))
def test_a_mistake_is_told_with_file_line_value_reason_and_advice(
    tmp_path: Path, file: str, text: str, message: str
) -> None:
    told = [str(problem).removeprefix(f"{tmp_path}/") for problem in town_problems(tmp_path, **{file: text})]

    assert message in told


@pytest.mark.parametrize(("file", "text", "message"), rows("between"))
def test_one_mistake_between_files_is_one_problem(tmp_path: Path, file: str, text: str, message: str) -> None:
    (problem,) = town_problems(tmp_path, **{file: text})

    assert problem.line
    assert problem.reason
    assert problem.todo


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("topics:\n- name: 工资\n".encode("gb18030"), "topics.yaml:2: 不是 UTF-8 编码；另存为 UTF-8"),
        (b"topics: []\na: \x01\n", "topics.yaml:2: YAML 语法错误: 有看不见的控制字符；删去"),
    ],
)
def test_bytes_that_are_no_text_are_told(tmp_path: Path, text: bytes, message: str) -> None:
    told = [str(problem).removeprefix(f"{tmp_path}/") for problem in town_problems(tmp_path, topics=text)]

    assert told == [message]


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    found = town_problems(
        tmp_path,
        topics="topics:\n- {key: A, name: 1, short: b}\n",
        rules="rules: [\n",
        calendar="hollidays: []\n",
        sources="extra: 1\nsources: []\n",
    )

    assert {Path(problem.file).name for problem in found} == {
        "topics.yaml",
        "rules.yaml",
        "calendar.yaml",
        "sources.yaml",
    }
    assert len([problem for problem in found if problem.file.endswith("topics.yaml")]) == 2


def test_a_broken_file_is_told_once_and_not_as_missing_parts(tmp_path: Path) -> None:
    found = town_problems(tmp_path, clocks="clocks: [\n")

    assert [problem.reason for problem in found] == ["YAML 语法错误: 列表或键值对的括号没有写完"]


def test_two_rings_of_superiors_are_two_problems(tmp_path: Path) -> None:
    offices = "offices:\n" + "".join(
        f"- {{key: {key}, {OFFICE}, superior: {above}}}\n"
        for key, above in [("gov", "gov"), ("renshe", "b"), ("b", "c"), ("c", "renshe"), ("d", "c")]
    )

    reasons = [problem.reason for problem in town_problems(tmp_path, offices=offices)]

    assert reasons == ["上级单位绕成一圈: gov → gov", "上级单位绕成一圈: renshe → b → c → renshe"]


def test_a_file_that_nobody_reads_is_a_problem(tmp_path: Path) -> None:
    write_town(tmp_path)
    (tmp_path / "office.yaml").write_text("offices: []\n", "utf-8")
    (tmp_path / "embedded.yaml").write_text("{}\n", "utf-8")

    with pytest.raises(Exception, match=r"office\.yaml: 不认识的配置文件，不会被读取；是不是 offices\.yaml\?"):
        load_catalog([tmp_path])


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="没有这个配置目录"):
        load_catalog([tmp_path / "nowhere"])
