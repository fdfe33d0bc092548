"""`minsheng test`, `check-code` and `bench`: for those who work on the code, from a checkout."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
# A process a core. Which tests stay together stands in tests/conftest.py.
SPREAD = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadgroup")
MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own in it
MEMORY_LEAST = 3 << 30


def run_tests(arguments: Sequence[str], servers: bool = False) -> int:
    """All tests run on all cores; those that are named, and `-n 0`, in one process.

    Args:
        servers: a test that finds no server fails in place of being skipped.
    """
    _need_checkout()
    environment = {**os.environ, **files_in_memory(os.environ), **({"NEED_SERVERS": "1"} if servers else {})}
    command = [sys.executable, "-m", "pytest", *(() if _names_tests(arguments) else SPREAD), *arguments]
    return subprocess.call(command, cwd=ROOT, env=environment)  # noqa: S603


def _names_tests(arguments: Sequence[str]) -> bool:
    return any((ROOT / word.partition("::")[0]).exists() for word in arguments if not word.startswith("-"))


def files_in_memory(env: Mapping[str, str], memory: Path = MEMORY, least: int = MEMORY_LEAST) -> dict[str, str]:
    """Tells pytest to keep the tests' files in memory, where a commit waits for no disk; nothing where there is no room for them.

    Some tests run programs from their folders, so a file system that forbids it will not do.
    """
    if "PYTEST_DEBUG_TEMPROOT" in env or not os.access(memory, os.W_OK):
        return {}
    if shutil.disk_usage(memory).free < least or os.statvfs(memory).f_flag & os.ST_NOEXEC:
        return {}
    return {"PYTEST_DEBUG_TEMPROOT": str(memory)}


def check_all(with_tests: bool) -> int:
    """Format, lint, types, import directions and, if wanted, tests; stops at the first that fails."""
    _need_checkout()
    linter = str(Path(sys.executable).with_name("lint-imports"))
    steps = [
        ("格式", [sys.executable, "-m", "ruff", "format", "--check", "."]),
        ("风格", [sys.executable, "-m", "ruff", "check", "."]),
        ("类型", [sys.executable, "-m", "mypy"]),
        ("导入方向", [linter]),
    ]
    for name, command in steps:
        click.echo(f"== {name}")
        if code := subprocess.call(command, cwd=ROOT):  # noqa: S603
            click.echo(f"{name}: 未通过。", err=True)
            return code
    if with_tests:
        click.echo("== 测试")
        return run_tests(())
    return 0


def run_bench(name: str | None, arguments: Sequence[str] = ()) -> int:
    _need_checkout()
    names = sorted(path.stem for path in (ROOT / "bench").glob("*.py") if not path.stem.startswith("_"))
    if name not in names:
        click.echo(f"可用的基准: {'、'.join(names)}", err=name is not None)
        return 2 if name else 0
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.call([sys.executable, "-m", f"bench.{name}", *arguments], cwd=ROOT, env=environment)  # noqa: S603


def _need_checkout() -> None:
    if not (ROOT / "tests").is_dir() or importlib.util.find_spec("pytest") is None:
        raise click.UsageError("这条命令只在源码目录里可用: 用 ./minsheng 运行它。")
