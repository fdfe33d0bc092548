"""The command line as a user meets it: exit codes, messages, and what is left behind."""

import io
import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import configs
from app.cli import GROUPS, cli, main
from app.wire import open_house


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("MINSHENG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MINSHENG_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["minsheng", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    code = ended.value.code
    return code if isinstance(code, int) else 0


def test_every_command_is_listed_under_a_heading() -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(cli.commands)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nosuch",), "没有命令 'nosuch'"),
        (("import", "nofile.xlsx"), "'nofile.xlsx' 不存在"),
        (("weekly", "--wek"), "没有选项 '--wek'"),
        (("silence", "add", "--office"), "'--office' 后面要写值"),
        (("run", "extra"), "多出参数 (extra)"),
        (("demo", "--port", "x"), "'x' 不是数"),
        (("dead", "replay"), "缺少参数"),
        (("worker", "foo"), "应为其中之一"),
    ],
)
def test_wrong_usage_is_told_in_chinese(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert run(monkeypatch, *arguments) == 2
    told = capsys.readouterr().err
    assert said in told
    assert not any(word in told for word in ("Usage:", "Error", "Try", "Invalid", "Missing"))


def test_help_lists_the_demo_first(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    shown = capsys.readouterr().out
    assert shown.index("demo") < shown.index("run ") < shown.index("check ") < shown.index("bench")


def test_an_unknown_command_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "fly") == 2


def test_the_shipped_configuration_is_right(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "check") == 0
    assert "配置正确" in capsys.readouterr().out


def test_a_wrong_configuration_ends_with_78_and_names_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "calendar.yaml").write_text("holidays: []\nworkday: []\n", encoding="utf-8")
    assert run(monkeypatch, "check", str(folder)) == 78
    assert f"{folder / 'calendar.yaml'}:2" in capsys.readouterr().out
    monkeypatch.setenv("MINSHENG_CONFIGS", str(folder))
    assert run(monkeypatch, "search", "停水") == 78
    assert "minsheng check" in capsys.readouterr().err


def test_own_word_lists_are_used_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, shipped = tmp_path / "mine", Path(configs.__file__).with_name("lexicon.yaml").read_text(encoding="utf-8")
    folder.mkdir()
    monkeypatch.setenv("MINSHENG_CONFIGS", str(folder))
    (folder / "lexicon.yaml").write_text(shipped + "\nstopwords: [我们]\n", encoding="utf-8")
    assert run(monkeypatch, "check") == 78
    assert f"{folder / 'lexicon.yaml'}:" in capsys.readouterr().out
    (folder / "lexicon.yaml").write_text(
        shipped.replace("stop_words:\n  [", "stop_words:\n  [停水, "), encoding="utf-8"
    )
    line = json.dumps({"id": 1, "text": "小区停水三天"}) + "\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line.encode())))
    assert run(monkeypatch, "judge") == 0
    assert "停水" not in json.loads(capsys.readouterr().out)["keywords"]


def test_an_unknown_setting_in_the_environment_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINSHENG_MAIL__HOSTS", "smtp.example.org")
    assert run(monkeypatch, "search", "停水") == 78
    assert "MINSHENG_MAIL__HOSTS" in capsys.readouterr().err


def test_judge_ends_with_1_when_a_line_was_bad_and_answers_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = '{"id": 1, "title": "工地拖欠工资", "text": "我们三十多人在义乌干了四个月，老板不发工资"}\nbad\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    assert run(monkeypatch, "judge") == 1
    shown = capsys.readouterr()
    answer = json.loads(shown.out)
    assert answer["topics"][0]["key"] == "wages"
    assert answer["office"] == "renshe"
    assert answer["reasons"]
    assert "第 2 行" in shown.err


def test_events_gathers_what_is_told_twice(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    told = ["碧湖澜庭小区停水三天没人管", "碧湖澜庭小区已经停水三天，物业没人管", "请问新生儿医保怎么办理"]
    lines = "".join(json.dumps({"id": n, "title": text, "text": text}) + "\n" for n, text in enumerate(told))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    assert run(monkeypatch, "events") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in rows] == ["0", "1", "2"]
    assert rows[0]["event"] == rows[1]["event"] != rows[2]["event"]


def test_users_are_added_listed_and_disabled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "user", "add", "lihua", "--password", "long enough 1") == 0
    assert run(monkeypatch, "user", "add", "lihua", "--password", "long enough 1") == 1
    assert "已存在" in capsys.readouterr().err
    assert run(monkeypatch, "user", "disable", "lihua") == 0
    assert run(monkeypatch, "user", "list") == 0
    assert "lihua  lihua  duty  已停用" in capsys.readouterr().out


def test_a_short_password_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "user", "add", "lihua", "--password", "short") == 1
    assert "密码" in capsys.readouterr().err


def test_no_dead_letters_is_good_news(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "dead", "list") == 0
    assert "没有死信" in capsys.readouterr().out
    assert run(monkeypatch, "dead", "list", "--stage", "nothing") == 2


def test_a_wrong_date_is_wrong_usage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "search", "--since", "昨天") == 2
    assert "--since" in capsys.readouterr().err


def test_crawling_without_a_source_says_what_to_do() -> None:
    """In a process of its own: a part changes how its process ends."""
    assert "enabled" in crawl("--once", code=0)
    assert "没有来源 nowhere" in crawl("--once", "nowhere", code=1)


def crawl(*arguments: str, code: int) -> str:
    """What it says on stderr."""
    env = {**os.environ, "PYTHONPATH": str(Path(configs.__file__).parent.parent), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "app.cli", "crawl", *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code
    return done.stderr


def test_doctor_names_what_is_missing_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "doctor") == 1
    shown = capsys.readouterr().out
    assert "✗ 看板用户 0 个\n    怎么办: 运行 minsheng user add" in shown
    assert "✗ 没有启用的来源" in shown
    assert "✓ 模型" in shown


def test_a_search_is_noted_in_the_audit_with_its_words(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    words = ("拖欠", "工资", "--topic", "wages", "--severity", "3", "--since", "2026-11-01", "--until", "2026-11-02")
    assert run(monkeypatch, "search", *words) == 0
    assert run(monkeypatch, "search", "--json") == 0
    with closing(open_house({"MINSHENG_DATA": str(data)})) as house, house.ledger.read() as tx:
        second, first = tx.audit.find()
    assert {entry.actor.partition(":")[0] for entry in (first, second)} == {"cli"}
    assert (first.what, first.target) == ("search", "拖欠 工资")
    assert first.detail == "wages 严重程度≥3 2026-11-01 起 2026-11-03 前"
    assert (second.target, second.detail) == ("（无词语）", "")


def test_what_cannot_be_noted_is_not_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MINSHENG_LEDGER__URL", "postgresql://nobody@127.0.0.1:1/nothing")
    assert run(monkeypatch, "search", "工资") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "出错" in told.err


def test_rejudge_takes_dates_and_refuses_what_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.nice", lambda by: by)
    assert run(monkeypatch, "rejudge", "--since", "昨天") == 2
    assert "--since" in capsys.readouterr().err
    assert run(monkeypatch, "rejudge", "--since", "2026-11-01", "--until", "2026-11-20", "--quiet") == 0
    assert "已重新研判 0 条" in capsys.readouterr().out
