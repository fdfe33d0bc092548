"""`minsheng servers up|down|status`."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import click

from app.runner import part_environment
from app.servers.alive import Mark, is_alive, memory, uptime
from app.servers.cluster import find_packages
from app.servers.jars import alone, cache_folder
from app.servers.missing import Missing
from app.servers.state import ServerState, State, read_state, state_file
from stream.errors import MinshengError

DOWN_WITHIN = 40.0
NAMES = {"kafka": "Kafka", "elastic": "Elasticsearch", "postgres": "PostgreSQL"}


def up(env: Mapping[str, str], data: Path) -> None:
    """Starts them unless they are up; prints the settings on standard output and all else on standard error.

    Raises Missing that names what to install, MinshengError when a server does not start.
    """
    path = state_file(env, data)
    with alone(cache_folder(env) / "servers.lock"):
        state = read_state(path)
        if state is None or not state.is_up():
            began = time.monotonic()
            _take_down(path, state)
            find_packages(env, _tell)
            state = _start(env, path)
            _tell(
                f"三个服务器已就绪，用时 {time.monotonic() - began:.1f} 秒。停止并删除全部数据: minsheng servers down"
            )
    print_settings(state)


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _start(env: Mapping[str, str], path: Path) -> State:
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
        [sys.executable, "-m", "app.servers.supervise", str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=part_environment(env),
        cwd="/",
        start_new_session=True,
        text=True,
        encoding="utf-8",
    )
    try:
        lines = _relay(process)
    except BaseException:
        process.terminate()
        process.wait(DOWN_WITHIN)
        raise
    state = read_state(path)
    if state is None or not state.is_up():
        process.wait(DOWN_WITHIN)
        raise MinshengError("服务器没有启动成功。\n" + "\n".join(lines[-20:]))
    return state


def _relay(process: subprocess.Popen[str]) -> list[str]:
    """Shows what the supervising process tells until it lets go; returns it."""
    lines = []
    with process.stdout or open(os.devnull, encoding="utf-8") as told:
        for line in told:
            lines.append(line.rstrip("\n"))
            _tell(lines[-1])
    return lines


def print_settings(state: State) -> None:
    for name, value in state.settings.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def down(env: Mapping[str, str], data: Path) -> None:
    """Ends them and deletes everything; returns when that is done. Raises MinshengError when something does not end."""
    path = state_file(env, data)
    with alone(cache_folder(env) / "servers.lock"):
        state = read_state(path)
        _take_down(path, state)
    _tell("服务器没有在运行。" if state is None else "服务器已停止，数据已删除。")


def _take_down(path: Path, state: State | None) -> None:
    """The supervising process and its keeper do it; where both were killed, the rest is done here."""
    if state is None:
        return
    _signal(state.supervisor, signal.SIGTERM)
    until = time.monotonic() + DOWN_WITHIN
    while state.is_up():
        if time.monotonic() > until:
            raise MinshengError(f"服务器没有在 {DOWN_WITHIN:.0f} 秒内停止，进程号 {state.supervisor.split()[0]}。")
        time.sleep(0.05)
    for server in state.servers.values():
        _signal(server.mark, signal.SIGKILL)
    shutil.rmtree(state.folder, ignore_errors=True)
    path.unlink(missing_ok=True)


def _signal(mark: Mark, number: signal.Signals) -> None:
    if is_alive(mark):
        os.kill(int(mark.split()[0]), number)


def status(env: Mapping[str, str], data: Path) -> int:
    """Prints a line for each server; returns how many of the three are not running."""
    state = read_state(state_file(env, data))
    if state is None or not state.is_up():
        click.echo("服务器没有在运行。启动: minsheng servers up")
        return len(NAMES)
    for name, server in state.servers.items():
        click.echo(_line(NAMES[name], server))
    click.echo(f"目录 {state.folder}，监管进程 {state.supervisor.split()[0]}")
    return sum(not is_alive(server.mark) for server in state.servers.values())


def _line(name: str, server: ServerState) -> str:
    if not is_alive(server.mark):
        return f"✗ {name:<14}{server.url}  已退出 (重新开始: minsheng servers down 然后 up)"
    minutes, seconds = divmod(int(uptime(server.pid)), 60)
    used = memory(server.pid) >> 20
    return f"✓ {name:<14}{server.url}  进程 {server.pid}  内存 {used} MB  已运行 {minutes} 分 {seconds:02} 秒"


def run(action: str, env: Mapping[str, str], data: Path) -> int:
    """The exit code: 0 good, 1 not all are running, 69 something is not installed."""
    try:
        if action == "status":
            return 1 if status(env, data) else 0
        (up if action == "up" else down)(env, data)
    except Missing as missing:
        click.echo(f"不能启动服务器，本机缺少:\n{missing}", err=True)
        return 69
    return 0
