"""Whether a post accuses an office, so that it must not be sent there (信访工作条例 art. 30).

In doubt it counts as accused: then a superior reads it first, which costs a day; the other mistake hands the informer to
those they inform on. The words are in accusations.yaml, how they are read in `alerts/accused_clauses.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from alerts.accused_clauses import Charge, charges
from alerts.accused_names import names_of, office_names
from alerts.accused_words import words
from configs.catalog import Office
from stream.messages import Judged, Judgement

__all__ = ["Accusation", "accusation", "accusations", "accused_by", "complains", "office_names", "words"]

SURE = 0.85  # from this probability on a text counts as plain news or praise
GRAVE = ("discipline", "gifts", "leaks")


@dataclass(frozen=True, slots=True)
class Accusation:
    """`phrase` as it stands in the text; `kind` says who should read it: the discipline office or the superior."""

    phrase: str
    kind: Literal["discipline", "conduct"]


def accusation(office: Office, text: str) -> Accusation | None:
    """The plainest accusation of the office (or one of its branches) in the text; None if there is none."""
    return accusations((office,), text).get(office.key)


def accusations(offices: Iterable[Office], text: str, *, negative: bool = False) -> dict[str, Accusation]:
    """Office key -> how the text accuses it, for all that it accuses; what is for the discipline office comes first.

    `negative`: the text is known to complain, see `complains`; then more of it counts.
    """
    names = names_of(offices)
    found: dict[str, Accusation] = {}
    for charge in charges(names, text, negative=negative):
        known = found.get(charge.key)
        if known is None or (known.kind == "conduct" and charge.kind in GRAVE):
            found[charge.key] = _accusation(charge)
    return found


def accused_by(offices: Iterable[Office], judged: Judged) -> dict[str, Accusation]:
    """Office key -> how the post accuses it."""
    text = f"{judged.post.title}\n{judged.post.text}"
    return accusations(offices, text, negative=complains(judged.judgement))


def complains(judged: Judgement | None) -> bool:
    """Whether what is said of an office in passing may be meant against it: neither a question, praise nor plain news."""
    if judged is None or judged.intent.key == "ask":
        return False
    return judged.sentiment.key == "neg" or judged.sentiment.score < SURE


def _accusation(charge: Charge) -> Accusation:
    return Accusation(charge.phrase, "discipline" if charge.kind in GRAVE else "conduct")
