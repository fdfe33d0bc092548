"""The launcher: what it says when something is missing, when it installs, and when it does not."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def fake(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def tools(tmp_path: Path, *names: str) -> Path:
    """A folder with the system's plain tools and nothing else, to be the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    for name in (
        "bash",
        "dirname",
        "readlink",
        "cat",
        "cmp",
        "cp",
        "mv",
        "rm",
        "mkdir",
        "grep",
        "tail",
        "sleep",
        *names,
    ):
        found = subprocess.run(["which", name], capture_output=True, text=True, check=True).stdout.strip()
        (folder / name).symlink_to(found)
    return folder


def launch(path: Path, *arguments: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    values = {"PATH": str(path), "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8", **env}
    command = [str(path / "bash"), str(ROOT / "minsheng"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=values, timeout=60)


def fake_venv(folder: Path, log: Path, pip_code: int = 0) -> Path:
    """A venv whose Python notes how it was called and, asked to install, ends with `pip_code`."""
    body = f'echo "$@" >> {log}\ncase "$*" in *"pip install"*) exit {pip_code};; esac\nexit 0'
    fake(folder / "bin" / "python", body)
    return folder


def test_without_python_it_says_what_to_install(tmp_path: Path) -> None:
    done = launch(tools(tmp_path), "check", MINSHENG_VENV=str(tmp_path / "venv"))
    assert done.returncode == 69
    assert "没有找到 python3" in done.stderr
    assert "apt install python3" in done.stderr


def test_an_old_python_is_named_with_its_version(tmp_path: Path) -> None:
    path = tools(tmp_path)
    fake(path / "python3", 'case "$1" in --version) echo "Python 3.9.2";; *) exit 1;; esac')
    done = launch(path, "check", MINSHENG_VENV=str(tmp_path / "venv"))
    assert done.returncode == 69
    assert "需要 Python 3.11" in done.stderr
    assert "Python 3.9.2" in done.stderr


def test_a_python_without_venv_names_the_package(tmp_path: Path) -> None:
    path = tools(tmp_path)
    fake(path / "python3", 'case "$*" in *ensurepip*) exit 1;; *) exit 0;; esac')
    done = launch(path, "check", MINSHENG_VENV=str(tmp_path / "venv"))
    assert done.returncode == 69
    assert "apt install python3-venv" in done.stderr


def test_an_interrupted_install_is_finished_by_the_next_start(tmp_path: Path) -> None:
    path, log = tools(tmp_path), tmp_path / "calls"
    venv = fake_venv(tmp_path / "venv", log, pip_code=1)
    failed = launch(path, "check", MINSHENG_VENV=str(venv))
    assert failed.returncode == 69
    assert "安装依赖失败" in failed.stderr
    fake_venv(venv, log)
    assert launch(path, "check", MINSHENG_VENV=str(venv)).returncode == 0
    log.write_text("")
    again = launch(path, "check", MINSHENG_VENV=str(venv))
    assert "pip install" not in log.read_text()
    assert again.stderr == ""


def test_it_works_from_any_directory_and_passes_arguments_on(tmp_path: Path) -> None:
    path, log = tools(tmp_path), tmp_path / "calls"
    venv = fake_venv(tmp_path / "venv", log)
    done = launch(path, "search", "两个 词", cwd=tmp_path, MINSHENG_VENV=str(venv))
    assert done.returncode == 0
    assert log.read_text().splitlines()[-1] == "-m app.cli search 两个 词"


def test_development_commands_bring_the_development_packages(tmp_path: Path) -> None:
    path, log = tools(tmp_path), tmp_path / "calls"
    venv = fake_venv(tmp_path / "venv", log)
    launch(path, "check", MINSHENG_VENV=str(venv))
    assert "requirements-dev.lock" not in log.read_text()
    launch(path, "test", MINSHENG_VENV=str(venv))
    assert "requirements-dev.lock" in log.read_text()


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("servers up", True),
        ("test --servers", True),
        ("test -x --servers", True),
        ("demo --distributed", True),
        ("chaos", True),
        ("bench distributed", True),
        ("demo", False),
        ("test", False),
        ("bench judge", False),
    ],
)
def test_what_starts_servers_brings_a_java(tmp_path: Path, command: str, wanted: bool) -> None:
    path, log = tools(tmp_path), tmp_path / "calls"
    venv = fake_venv(tmp_path / "venv", log)
    launch(path, *command.split(), MINSHENG_VENV=str(venv))
    assert ("requirements-servers.lock" in log.read_text()) is wanted


def test_the_lock_of_a_start_that_died_is_taken_over(tmp_path: Path) -> None:
    path, log = tools(tmp_path), tmp_path / "calls"
    venv = fake_venv(tmp_path / "venv", log)
    (tmp_path / "venv.lock").write_text("999999999")
    assert launch(path, "check", MINSHENG_VENV=str(venv)).returncode == 0
    assert not (tmp_path / "venv.lock").exists()


def test_the_lock_files_pin_every_package_and_name_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-servers.lock"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        assert lines
        for line in lines:
            assert "==" in line
            assert "://" not in line
            assert not line.startswith("-")
