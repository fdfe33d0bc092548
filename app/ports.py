"""Loopback ports: is one taken, does something answer."""

from __future__ import annotations

import socket

from stream.errors import MinshengError

PORTS = 21  # a part takes the port of the settings, else the next free one of the twenty above it


def is_taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1" if host in ("", "0.0.0.0") else host, port), timeout=1):  # noqa: S104
            return True
    except OSError:
        return False


def refuse_taken_port(host: str, port: int, what: str, way_out: str) -> None:
    """Raises MinshengError, with a way out, when the port cannot be had."""
    if is_taken(host, port):
        raise MinshengError(f"{what}要用的端口 {host}:{port} 已被占用。请关闭占用它的程序，或{way_out}。")
