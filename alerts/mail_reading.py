"""A mail's bytes -> what it says: which mail of ours it answers, the new words in it, its files; or that it came back.

Pure. What a mail says of itself is not to be trusted; who may answer is decided in `alerts/replies.py`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import getaddresses
from html.parser import HTMLParser

from alerts.notify.clean import clean_line, clean_text, clip

TEXT_LIMIT = 4000  # characters
FILES = 10
_OURS = re.compile(r"([0-9a-f]{32})@minsheng\.")
_AUTO_SUBJECT = re.compile(
    r"^\s*(自动回复|自动答复|自动应答|auto(matic)?[ -]?(reply|response)|out of (the )?office)", re.I
)
_BOUNCE_SENDER = re.compile(r"^(mailer-daemon|postmaster)@", re.I)
_SAID = re.compile(r"^\s*(于|在|On)?.{0,120}(写道|wrote)\s*[:：]\s*$")
_HEADER = re.compile(r"^\s*[*>]*\s*(发件人|寄件人|From|发件时间|发送时间|Sent|Date|日期)\s*[*]*\s*[:：]", re.I)
_LINE = re.compile(
    r"^\s*[-_—─=*]{3,}\s*(原始邮件|原邮件|回复的原邮件|original message|转发的邮件|forwarded message)?.*$", re.I
)


@dataclass(frozen=True, slots=True)
class Bounce:
    """One address that a mail of ours came back from. `final`: no later try of its server will help."""

    address: str
    why: str
    final: bool


@dataclass(frozen=True, slots=True)
class Incoming:
    """One mail. `answers` are the ids of mails of ours that it names, the nearest first; `text` is what is new in it."""

    id: str
    sender: str
    subject: str
    answers: tuple[str, ...]
    text: str
    automatic: bool = False
    bounces: tuple[Bounce, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
    message_id: str = ""


def read_mail(raw: bytes) -> Incoming:
    """Never raises for whatever the bytes are."""
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - the policy's own class
    own = _header(message, "Message-ID")
    bounces = _bounces(message)
    return Incoming(
        id=own[:300] or f"sha256:{hashlib.sha256(raw).hexdigest()}",
        sender=_sender(message),
        subject=clip(_header(message, "Subject"), 120),
        answers=_answers(message, raw if bounces else b""),
        text=clip(new_text(_body(message)), TEXT_LIMIT),
        automatic=_is_automatic(message),
        bounces=bounces,
        files=_files(message),
        message_id=own[:300] if re.fullmatch(r"<[^<>\s]+>", own) else "",
    )


def new_text(body: str) -> str:
    """The text without what it quotes: lines that begin with ">", and everything from the head of the quoted mail on."""
    kept: list[str] = []
    for line in clean_text(body).split("\n"):
        if line.rstrip() == "--" or _begins_quote(line):
            break
        if not line.lstrip().startswith((">", "＞")):
            kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _begins_quote(line: str) -> bool:
    return bool(_SAID.match(line) or _HEADER.match(line) or _LINE.match(line))


def _header(message: Message, name: str) -> str:
    try:
        return clean_line(str(message.get(name, "")))
    except Exception:  # the standard library's parser has raised nearly everything for a bad header
        return ""


def _sender(message: Message) -> str:
    """The one address of From; "" if there is none, or more than one."""
    found = [address for _, address in getaddresses([_header(message, "From")]) if "@" in address]
    return found[0].strip().lower() if len(found) == 1 else ""


def _answers(message: Message, returned: bytes) -> tuple[str, ...]:
    """The mails that are named, the answered one first; for one that came back also in what it brings with it."""
    named = [*_OURS.findall(_header(message, "In-Reply-To")), *reversed(_OURS.findall(_header(message, "References")))]
    if returned:
        named += _OURS.findall(returned.decode("ascii", "replace"))
    return tuple(dict.fromkeys(named))


def _is_automatic(message: Message) -> bool:
    """RFC 3834 2, and what programs wrote before it."""
    said = _header(message, "Auto-Submitted").lower()
    if said and said.partition(";")[0].strip() != "no":
        return True
    if any(_header(message, name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id")):
        return True
    bulk = _header(message, "Precedence").lower() in ("bulk", "junk", "auto_reply", "list")
    return bulk or bool(_AUTO_SUBJECT.match(_header(message, "Subject")))


def _bounces(message: EmailMessage) -> tuple[Bounce, ...]:
    """RFC 3464; a mail from the server's own hand without such a report tells of one address that is not named."""
    found = [
        one for part in message.walk() if part.get_content_type() == "message/delivery-status" for one in _of(part)
    ]
    if found:
        return tuple(found)
    if not _BOUNCE_SENDER.match(_sender(message)) or message.get_content_type() == "multipart/report":
        return ()
    return (Bounce("", clip(clean_line(_body(message)), 200), True),)


def _of(part: Message) -> list[Bounce]:
    blocks = part.get_payload()
    found = []
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message) or _header(block, "Action").lower() not in ("failed", "delayed"):
            continue
        address = (_header(block, "Original-Recipient") or _header(block, "Final-Recipient")).rpartition(";")[2]
        status, why = _header(block, "Status"), _header(block, "Diagnostic-Code").partition(";")[2]
        failed = _header(block, "Action").lower() == "failed"
        found.append(Bounce(address.strip().lower(), clip(clean_line(f"{status} {why}"), 200), failed))
    return found


def _body(message: EmailMessage) -> str:
    try:
        part = message.get_body(("plain", "html"))
        if part is None:
            return ""
        text = str(part.get_content())
        return _Words.of(text) if part.get_content_type() == "text/html" else text
    except Exception:  # an unknown charset, a broken encoding: what cannot be read is looked at by a person
        return ""


def _files(message: EmailMessage) -> tuple[tuple[str, bytes], ...]:
    found: list[tuple[str, bytes]] = []
    try:
        for part in message.iter_attachments():
            content = part.get_payload(decode=True)
            if part.get_filename() and isinstance(content, bytes) and len(found) < FILES:
                found.append((str(part.get_filename()), content))
    except Exception:  # as above
        return tuple(found)
    return tuple(found)


class _Words(HTMLParser):
    """The words of a page, one line for each block; what stands in a quotation or is not shown is left out."""

    _BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "hr", "table"})
    _HIDDEN = frozenset({"blockquote", "style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = 0

    @classmethod
    def of(cls, html: str) -> str:
        parser = cls()
        parser.feed(html)
        parser.close()
        lines = (" ".join(line.split()) for line in "".join(parser.words).split("\n"))
        return "\n".join(lines)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in self._HIDDEN
        if tag in self._BLOCKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in self._HIDDEN))
        if tag in self._BLOCKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data.replace("\n", " "))
