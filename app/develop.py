"""`minsheng test`, `check-code` and `bench`: for those who work on the code, from a checkout."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent


def run_tests(arguments: Sequence[str], servers: bool = False) -> int:
    """`servers`: a test that finds no server fails in place of being skipped."""
    _need_checkout()
    environment = {**os.environ, **({"NEED_SERVERS": "1"} if servers else {})}
    return subprocess.call([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=environment)  # noqa: S603


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
    if with_tests:
        steps.append(("测试", [sys.executable, "-m", "pytest"]))
    for name, command in steps:
        click.echo(f"== {name}")
        if code := subprocess.call(command, cwd=ROOT):  # noqa: S603
            click.echo(f"{name}: 未通过。", err=True)
            return code
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
