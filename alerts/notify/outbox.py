"""Mails as files: what an installation without a mail server sends, and what the demo shows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from alerts.notify.compose import compose
from alerts.notify.notice import Letterhead, Notice, OfficeAddress, mail_id_of
from stream.errors import NotifyError


class OutboxFolder:
    """Writes each mail to `folder/<mail id>.eml`; the same mail again replaces its file."""

    def __init__(self, folder: Path, letterhead: Letterhead) -> None:
        self._folder = folder
        self._letterhead = letterhead

    def send(
        self, office: OfficeAddress, notices: Sequence[Notice], now: datetime, mail_id: str = ""
    ) -> Mapping[str, str]:
        """Write the file in one step. Raises NotifyError (retryable) when the folder cannot be written."""
        mail_id = mail_id or mail_id_of(notice.alert.id for notice in notices)
        content = compose(self._letterhead, office, notices, mail_id, now).as_bytes()
        try:
            self._write(mail_id, content)
        except OSError as error:
            raise NotifyError(f"发件箱 {self._folder} 无法写入: {error.strerror}", retryable=True) from error
        return {}

    def _write(self, mail_id: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f".{mail_id}.{os.getpid()}.part"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / f"{mail_id}.eml")
