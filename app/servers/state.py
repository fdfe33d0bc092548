"""What `servers up` leaves for `status` and `down` to read: a file in the cache, one for each data folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from app.servers.alive import Mark, is_alive
from app.servers.jars import cache_folder


@dataclass(frozen=True)
class ServerState:
    """One server as it was started; `url` is what clients are told."""

    url: str
    pid: int
    mark: Mark


@dataclass(frozen=True)
class State:
    """The supervising process, the throwaway folder, the settings to use, and the servers by name."""

    supervisor: Mark
    folder: str
    settings: dict[str, str]
    servers: dict[str, ServerState]

    def is_up(self) -> bool:
        return is_alive(self.supervisor)


def state_file(env: Mapping[str, str], data: Path) -> Path:
    """Not in `data` itself: who deletes that folder must still be able to take the servers down."""
    key = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:12]
    return cache_folder(env) / f"up-{key}.json"


def write_state(path: Path, state: State) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(state)), encoding="utf-8")
    part.replace(path)


def read_state(path: Path) -> State | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return State(**{**told, "servers": {name: ServerState(**one) for name, one in told["servers"].items()}})
