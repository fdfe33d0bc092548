"""What the demo's offices and duty staff do to a case next: pure, decided by a hash of the case's id.

Most offices accept within hours, start, and answer within two days; some object once, some are late and promise a day,
some leave the case lying. Duty staff settle objections, verify answers and promises, and close. The notes are in `offices.yaml`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Literal

import yaml

from alerts.model import Action, Case
from app.demo.fit import best_fit
from configs.catalog import SHANGHAI

DUTY = "duty"
FALLBACKS = ("gov", DUTY)  # who takes a case whose office objects when nobody else helps with it
_STAFF_VERBS = ("redispatch", "verify", "close", "check_promise")
_SIDE_VERBS = (
    "note",
    "promise",
    "check_promise",
    "extend",
    "refuse_extension",
    "escalate",
)  # they change no state, so no wait starts anew

Manner = Literal["prompt", "late", "objects", "unfinished", "asleep"]
_MANNERS: tuple[tuple[Manner, float], ...] = (
    ("asleep", 0.05),
    ("objects", 0.10),
    ("late", 0.15),
    ("unfinished", 0.10),
    ("prompt", 1.0),
)


@dataclass(frozen=True, slots=True)
class Wait:
    """A verb and the hours (from, to) after which it is done."""

    verb: str
    hours: tuple[float, float]


_PROMPT = {
    "dispatched": Wait("accept", (1, 4)),
    "accepted": Wait("start", (0.5, 3)),
    "in_progress": Wait("answer", (6, 40)),
    "answered": Wait("verify", (18, 46)),
    "verified": Wait("close", (2, 20)),
    "objected": Wait("redispatch", (1, 6)),
}
_PROMISE = Wait("promise", (2, 9))
_CHECK = Wait("check_promise", (4, 16))
PROMISED = timedelta(days=6)  # from the day of the promise
_PLANS: Mapping[Manner, Mapping[str, Wait | None]] = {
    "prompt": _PROMPT,
    "late": {**_PROMPT, "dispatched": Wait("accept", (6, 20)), "in_progress": Wait("answer", (60, 130))},
    "objects": {**_PROMPT, "dispatched": Wait("object", (2, 6))},
    "unfinished": {**_PROMPT, "in_progress": None},
    "asleep": {**_PROMPT, "dispatched": None},
}


def respond(case: Case, actions: Sequence[Action], now: datetime) -> tuple[str, str] | None:
    """The next verb and its note that somebody would have done by `now`; None: nothing is due yet, or ever.

    Args:
        actions: the case's history, oldest first.
    """
    wait = _plan(case, actions).get(case.state)
    if wait is None or now < _due(case, wait, _since(case, actions)):
        return None
    return wait.verb, _note(case, wait.verb)


def actor_of(case: Case, verb: str) -> str:
    """Who does it: the lead office, or the staff on duty."""
    return DUTY if verb in _STAFF_VERBS else case.office


def data_of(case: Case, verb: str) -> Mapping[str, str]:
    """What the verb needs beside its note: the new lead of a redispatch, what is promised, which promise was kept."""
    if verb == "promise":
        by = (case.updated_at + PROMISED).astimezone(SHANGHAI).date()
        return {"what": _note(case, "promised"), "by": by.isoformat()}
    if verb == "check_promise":
        return {"promise": case.promises[-1].id, "kept": "yes"}
    if verb != "redispatch":
        return {}
    return {"office": next((office for office in (*case.helps, *FALLBACKS) if office != case.office), DUTY)}


def manner_of(case: Case) -> Manner:
    """How the office treats this case. Nobody sleeps over a grave one."""
    roll = _roll(case, "manner")
    for manner, share in _MANNERS:
        if roll < share:
            return "prompt" if manner == "asleep" and case.severity == 4 else manner
        roll -= share
    return "prompt"


def _plan(case: Case, actions: Sequence[Action]) -> Mapping[str, Wait | None]:
    manner = manner_of(case)
    if manner == "objects" and any(action.verb == "object" for action in actions):
        return _PROMPT
    plan = _PLANS[manner]
    if manner == "late" and not case.promises:
        return {**plan, "in_progress": _PROMISE}
    if any(promise.kept is None for promise in case.promises):
        return {**plan, "answered": _CHECK}
    return plan


def _since(case: Case, actions: Sequence[Action]) -> datetime:
    """When the case came into its state."""
    moves = [action.at for action in actions if action.verb not in _SIDE_VERBS]
    return moves[-1] if moves else case.opened_at


def _due(case: Case, wait: Wait, since: datetime) -> datetime:
    low, high = wait.hours
    hours = low + (high - low) * _roll(case, wait.verb)
    if case.severity == 4:
        return since + timedelta(hours=hours / 3)
    return _awake(since + timedelta(hours=hours))


def _awake(at: datetime) -> datetime:
    """The same time, or 8 o'clock (Shanghai) of the next morning when it falls into the night."""
    local = at.astimezone(SHANGHAI)
    if 8 <= local.hour < 20:
        return at
    morning = local.replace(hour=8)
    return (morning if local.hour < 8 else morning + timedelta(days=1)).astimezone(at.tzinfo)


def _note(case: Case, verb: str) -> str:
    notes = _notes()[verb]
    if isinstance(notes, Mapping):
        fitting = best_fit(case.title, notes.get(case.topic, ()), enough=1)
        notes = (fitting,) if fitting else notes["other"]
    return notes[int(_roll(case, f"note {verb}") * len(notes))]


def _roll(case: Case, what: str) -> float:
    """A number in [0, 1) that depends on the case and on what it decides."""
    digest = hashlib.sha256(f"{case.id} {what}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


@cache
def _notes() -> Mapping[str, Sequence[str] | Mapping[str, Sequence[str]]]:
    text = (resources.files("app.demo") / "offices.yaml").read_text(encoding="utf-8")
    notes: Mapping[str, Sequence[str] | Mapping[str, Sequence[str]]] = yaml.safe_load(text)
    return notes
