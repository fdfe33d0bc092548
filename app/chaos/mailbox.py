"""A mail server on loopback that accepts, or refuses for now, and remembers what it accepted."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller

from alerts.notify.compose import ALERTS_HEADER

HOST = "127.0.0.1"


class Mailbox:
    """`told`: fingerprint of an alert -> the Message-IDs of the mails that told it; `at`: when first (monotonic seconds);
    `mails`: how many were accepted."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.refusing = False
        self.mails = 0
        self.refused = 0
        self.told: dict[str, set[str]] = defaultdict(set)
        self.at: dict[str, float] = {}
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname=HOST, port=port)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusing:
            self.refused += 1
            return "451 4.3.0 try again later"
        message = message_from_bytes(envelope.content)
        with self._lock:
            self.mails += 1
            for fingerprint in str(message[ALERTS_HEADER]).split():
                self.at.setdefault(fingerprint, time.monotonic())
                self.told[fingerprint].add(str(message["Message-ID"]).strip())
        return "250 OK"
