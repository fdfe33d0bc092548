"""An IMAP server on loopback that speaks as much of RFC 3501 as a reader needs: LOGIN, SELECT, UID SEARCH, FETCH, STORE, LOGOUT."""

from __future__ import annotations

import re
import socketserver
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread


@dataclass
class Box:
    """`mails`: uid -> bytes. `since` are the days that were asked for; `seen` the uids that were marked as read."""

    mails: dict[int, bytes] = field(default_factory=dict)
    validity: int = 7
    password: str = "right"
    seen: list[int] = field(default_factory=list)
    since: list[str] = field(default_factory=list)
    sizes: dict[int, int] = field(default_factory=dict)
    fetched: list[int] = field(default_factory=list)
    port: int = 0

    def put(self, raw: bytes) -> int:
        uid = max(self.mails, default=0) + 1
        self.mails[uid] = raw
        return uid


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Box]:
    box = Box()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("* OK ready")
            for line in self.rfile:
                words = line.decode("latin-1").split()
                if not words:
                    return
                tag, command = words[0], " ".join(words[1:])
                if self._answer(tag, command):
                    return

        def _say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

        def _answer(self, tag: str, command: str) -> bool:
            name = command.upper()
            if name.startswith("CAPABILITY"):
                self._say("* CAPABILITY IMAP4rev1")
            elif name.startswith("LOGIN") and not command.endswith(f'"{box.password}"'):
                self._say(f"{tag} NO wrong password")
                return False
            elif name.startswith("SELECT"):
                if '"INBOX"' not in command:
                    self._say(f"{tag} NO no such folder")
                    return False
                self._say(f"* {len(box.mails)} EXISTS\r\n* OK [UIDVALIDITY {box.validity}] valid")
            elif name.startswith("UID SEARCH"):
                self._search(command)
            elif name.startswith("UID FETCH"):
                self._fetch(int(words_of(command)[2]), name)
            elif name.startswith("UID STORE"):
                box.seen.append(int(words_of(command)[2]))
            elif name.startswith("LOGOUT"):
                self._say("* BYE")
            self._say(f"{tag} OK done")
            return name.startswith("LOGOUT")

        def _search(self, command: str) -> None:
            first = int(re.findall(r"UID (\d+):\*", command)[0])
            box.since += re.findall(r"SINCE (\S+)", command)
            found = {uid for uid in box.mails if uid >= first} | ({max(box.mails)} if box.mails else set())
            self._say(f"* SEARCH {' '.join(map(str, sorted(found)))}".rstrip())

        def _fetch(self, uid: int, name: str) -> None:
            raw = box.mails.get(uid)
            if raw is None:
                return
            if "RFC822.SIZE" in name:
                self._say(f"* 1 FETCH (UID {uid} RFC822.SIZE {box.sizes.get(uid, len(raw))})")
                return
            box.fetched.append(uid)
            self.wfile.write(f"* 1 FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A reader that hangs up in the middle is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    box.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def words_of(command: str) -> list[str]:
    return command.split()
