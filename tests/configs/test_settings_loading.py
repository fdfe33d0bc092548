"""Settings from files and from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.wire import settings_files
from configs.errors import ConfigError, Problem
from configs.layers import environment_names
from configs.loader import SHIPPED, load_settings
from configs.settings import Settings


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def told(paths: list[Path], env: dict[str, str]) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load_settings(paths, env)
    return list(caught.value.problems)


def keys_of(value: dict[str, Any]) -> set[str]:
    return {f"{name}.{key}" for name, inner in value.items() if isinstance(inner, dict) for key in inner} | set(value)


def test_the_shipped_profiles_show_every_setting_and_the_embedded_one_its_default() -> None:
    embedded, distributed = SHIPPED / "embedded.yaml", SHIPPED / "distributed.yaml"
    shown = [keys_of(yaml.safe_load(path.read_text("utf-8"))) for path in (embedded, distributed)]

    assert load_settings([embedded], {}) == Settings() == load_settings([], {})
    assert shown[0] | shown[1] == keys_of(Settings().model_dump())


def test_the_distributed_profile_stands_on_the_embedded_one(tmp_path: Path) -> None:
    write(tmp_path, "embedded.yaml", "data: mine\n")
    write(tmp_path, "distributed.yaml", "kafka: {servers: kafka.example:9092}\n")

    files = settings_files((SHIPPED, tmp_path), {"MINSHENG_PROFILE": "distributed"})
    settings = load_settings(files, {"MINSHENG_LEDGER__URL": "postgresql://db.example/minsheng"})

    assert (settings.profile, settings.kafka.servers, settings.data) == (
        "distributed",
        "kafka.example:9092",
        Path("data"),
    )
    assert settings.ledger.url.get_secret_value() == "postgresql://db.example/minsheng"


def test_a_later_file_overrides_key_by_key(tmp_path: Path) -> None:
    first = write(tmp_path, "a.yaml", "mail: {host: one.example, port: 25}\ndata: there\n")
    second = write(tmp_path, "b.yaml", "mail: {host: two.example}\ndashboard:\n  # port: 1\n")

    settings = load_settings([first, second], {})

    assert (settings.mail.host, settings.mail.port, settings.data) == ("two.example", 25, Path("there"))
    assert settings.dashboard == Settings().dashboard


def test_the_environment_wins_over_files(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", "mail: {host: one.example, port: 25}\n")
    env = {
        "MINSHENG_DATA": "/srv/minsheng",
        "MINSHENG_HOME_REGION": "330109",
        "MINSHENG_MAIL__PORT": "465",
        "MINSHENG_MAIL__PASSWORD": "s3cret",
        "MINSHENG_DASHBOARD__DEMO_NOTICE": "true",
        "MINSHENG_CONFIGS": "/etc/minsheng",
        "PATH": "/bin",
    }

    settings = load_settings([path], env)

    assert (settings.data, settings.home_region) == (Path("/srv/minsheng"), "330109")
    assert (settings.mail.host, settings.mail.port) == ("one.example", 465)
    assert settings.mail.password.get_secret_value() == "s3cret"
    assert settings.dashboard.demo_notice is True


def test_an_empty_value_of_the_environment_empties_a_text(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", "mail: {host: one.example}\n")

    assert load_settings([path], {"MINSHENG_MAIL__HOST": ""}).mail.host == ""


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MINSHENG_MAIL__HOTS", "x", "环境变量: MINSHENG_MAIL__HOTS: 没有这个设置；是不是 MINSHENG_MAIL__HOST?"),
        ("MINSHENG_CONFIG", "x", "环境变量: MINSHENG_CONFIG: 没有这个设置；是不是 MINSHENG_CONFIGS?"),
        (
            "MINSHENG_QQ",
            "x",
            "环境变量: MINSHENG_QQ: 没有这个设置；写成 MINSHENG_<节>__<键>，见 configs/embedded.yaml",
        ),
        ("MINSHENG_MAIL__PORT", "abc", '环境变量: MINSHENG_MAIL__PORT = "abc": 不是整数；填写整数'),
        ("MINSHENG_MAIL__PORT", "70000", '环境变量: MINSHENG_MAIL__PORT = "70000": 应不大于 65535；改为允许的值'),
        ("MINSHENG_MAIL__PORT", "", "环境变量: MINSHENG_MAIL__PORT: 不能为空；填写值，或取消这个环境变量"),
        ("MINSHENG_DATA", "", "环境变量: MINSHENG_DATA: 不能为空；填写值，或取消这个环境变量"),
        (
            "MINSHENG_HOME_REGION",
            "杭州",
            '环境变量: MINSHENG_HOME_REGION = "杭州": 应为 6 位区划代码；如 "330106"，要加引号',
        ),
        (
            "MINSHENG_MAIL__SECURITY",
            "ssl",
            '环境变量: MINSHENG_MAIL__SECURITY = "ssl": 只能是 starttls、tls、none；改为其中一个',
        ),
    ],
)
def test_a_wrong_name_or_value_of_the_environment_is_told(name: str, value: str, message: str) -> None:
    assert [str(problem) for problem in told([], {name: value})] == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mial: {host: x}\n", "a.yaml:1: mial: 未知的键；是不是 mail?"),
        ("data: x\nmail:\n  host: x\n  prot: 25\n", "a.yaml:4: mail.prot: 未知的键；是不是 port?"),
        ("mail: smtp\n", 'a.yaml:1: mail = "smtp": 应为键值对；写成 键: 值'),
        ("mail:\n  password: 12345\n", "a.yaml:2: mail.password = ***: 应为文本；数字以及 yes、no 一类的词请加引号"),
        ("home_region: 330000\n", "a.yaml:1: home_region = 330000: 应为文本；数字以及 yes、no 一类的词请加引号"),
        ("data: [x]\n", "a.yaml:1: data = (列表，1 项): 应为路径；填写文件夹的路径"),
        ("log: {keep_days: 0}\n", "a.yaml:1: log.keep_days = 0: 应不小于 1；改为允许的值"),
        ("profile: cloud\n", 'a.yaml:1: profile = "cloud": 只能是 embedded、distributed；改为其中一个'),
        ("- mail\n", "a.yaml:1: 设置 = (列表，1 项): 应为键值对；写成 键: 值"),
        ("mail:\n  host: x\n  host: y\n", "a.yaml:3: host: 同一个键写了两次(先前在第 2 行)；删去其中一个"),
    ],
)
def test_a_mistake_in_a_profile_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, "a.yaml", text)

    assert message in [str(problem).removeprefix(f"{tmp_path}/") for problem in told([path], {})]


def test_the_problem_is_told_of_the_layer_that_gave_the_value(tmp_path: Path) -> None:
    first = write(tmp_path, "a.yaml", "mail: {port: x}\nlog: {keep_days: 0}\n")
    second = write(tmp_path, "b.yaml", "\nlog:\n  keep_days: -1\n")

    problems = told([first, second], {"MINSHENG_MAIL__PORT": "y"})

    assert {(Path(problem.file).name, problem.line) for problem in problems} == {("环境变量", 0), ("b.yaml", 3)}


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    assert told([tmp_path / "none.yaml"], {})[0].todo == "检查文件是否存在、是否有权限"


def test_a_password_is_never_repeated(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", "mail: {password: [hunter2], port: x}\n")

    assert all("hunter2" not in str(problem) for problem in told([path], {"MINSHENG_MAIL__PASWORD": "hunter2"}))


def test_every_setting_has_a_name_in_the_environment() -> None:
    names = environment_names()

    assert names["MINSHENG_DATA"] == ("data",)
    assert names["MINSHENG_CRAWL__OBEY_ROBOTS"] == ("crawl", "obey_robots")
    assert not {name.upper() for name in names} - set(names)
