"""Write what the judgements of a model folder would cost on the development posts into its meta.json and its gate.json.

Run: python -m classify.human_fit DATA [FOLDER]. Training does it by itself; this is for models made before, or elsewhere.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from classify.cascade import Cascade, Gate
from classify.compare import Labelled, read_labelled
from classify.encoder.serve import Encoder
from classify.fast import CHUNK, SHIPPED, FastModel
from classify.features import Floats
from classify.human import GRAVE_FROM, HUMAN_SHARE, costs_of, table_of
from classify.phrases import Ints
from classify.weights import HEADS
from stream.messages import Judgement, Post

ENCODER = "encoder"


def fill(posts: Sequence[Post], folder: Path) -> None:
    """Both tables, the second where there is an encoder."""
    fast = FastModel.load(folder)
    readings = [fast.read(posts[start : start + CHUNK]) for start in range(0, len(posts), CHUNK)]
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    meta["costs"] = table_of(np.concatenate([_costs(fast, one.scores, fast.choose(one.scores)[0]) for one in readings]))
    (folder / "meta.json").write_text(json.dumps(meta, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if (folder / ENCODER).is_dir():
        gate = Gate.load(folder / ENCODER)
        both = Cascade(fast, Encoder.load(folder / ENCODER), gate)
        weighed = [both.weigh(one) for one in readings]
        costs = np.concatenate([_costs(fast, one.scores, one.chosen) for one in weighed])
        replace(gate, costs=tuple(table_of(costs))).save(folder / ENCODER)


def _costs(fast: FastModel, scores: Floats, chosen: Ints) -> Floats:
    levels = chosen[:, HEADS.index("severity")] - fast.columns["severity"].start + 1
    return costs_of(scores, fast.columns, levels.astype(np.float32))


def told(labelled: Sequence[Labelled], judged: Sequence[Judgement]) -> str:
    """How many go to people, and how many of the errors are among them."""
    given = np.array([one.needs_human for one in judged])
    office = np.array([a.office.key not in b.gold["office"].split("|") for a, b in zip(judged, labelled, strict=True)])
    grave = np.array([int(one.gold["severity"].split("|")[0]) >= GRAVE_FROM for one in labelled])
    missed = grave & np.array([one.severity < GRAVE_FROM for one in judged])
    return (
        f"{given.mean():.1%} to people; among them {given[office].mean():.1%} of {office.sum()} wrong offices, "
        f"{given[missed].mean():.1%} of {missed.sum()} grave posts rated lower, {given[office & grave].mean():.1%} of "
        f"{(office & grave).sum()} wrong offices of grave posts"
    )


def main() -> None:
    labelled = read_labelled(Path(sys.argv[1]))
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else SHIPPED
    posts = [one.post for one in labelled]
    fill(posts, folder)
    fast = FastModel.load(folder, human_share=HUMAN_SHARE)
    sys.stdout.write(f"fast: {told(labelled, fast.judge(posts))}\n")
    if (folder / ENCODER).is_dir():
        both = Cascade(fast, Encoder.load(folder / ENCODER), Gate.load(folder / ENCODER), human_share=HUMAN_SHARE)
        sys.stdout.write(f"cascade: {told(labelled, both.judge(posts))}\n")


if __name__ == "__main__":
    main()
