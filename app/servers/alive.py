"""Which process is meant: a number is given out again, number and start together are not. Linux: reads /proc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NewType

Mark = NewType("Mark", str)  # "PID START", start in clock ticks since boot

STATE, PARENT, START = 0, 1, 19  # places in /proc/PID/stat after the name in parentheses (proc(5))


def _fields(pid: int) -> list[str]:
    """Empty when there is no such process or only its exit code is left."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(") ")[2].split()
    except OSError:
        return []
    return fields if fields[STATE] not in "ZX" else []


def mark_of(pid: int) -> Mark:
    fields = _fields(pid)
    return Mark(f"{pid} {fields[START]}" if fields else f"{pid} 0")


def is_alive(mark: Mark) -> bool:
    pid = mark.partition(" ")[0]
    return bool(_fields(int(pid))) and mark_of(int(pid)) == mark if pid.isdigit() else False


def uptime(pid: int) -> float:
    """Seconds since it started."""
    fields = _fields(pid)
    if not fields:
        return 0.0
    booted = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    return booted - int(fields[START]) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Those that it started itself. Read from every process, for not every kernel lists them by parent."""
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [one for one in found if (fields := _fields(one)) and int(fields[PARENT]) == pid]


def memory(pid: int) -> int:
    """Bytes in memory of it and what it started, each shared page counted once (Pss), or 0 where that cannot be read."""
    return sum(_pss(one) for one in (pid, *children(pid)))


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
