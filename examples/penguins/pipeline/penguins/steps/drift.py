"""Compares this batch with the one that the model in production was trained on."""

from __future__ import annotations

import pandas as pd
from ds_monitoring import Run, Task

from ..artefacts import CATEGORIES, FEATURES, Artefacts, write_json

#: Few bins, as a batch has about a hundred rows: the noise level rises with their number.
BINS = 5


def run_step(artefacts: Artefacts, run: Run, task: Task) -> None:
    """kept.csv and the champion's kept.csv -> drift.json, the verdict of each feature."""
    new = pd.read_csv(artefacts.file("kept.csv"))
    task.rows(rows_in=len(new), rows_out=len(new))
    champion = artefacts.champion()
    if champion is None:
        write_json(artefacts.file("drift.json"), {})
        task.skip()
        return
    old = pd.read_csv(champion / "kept.csv")
    verdicts = {
        feature: run.drift(
            feature, reference=old[feature], current=new[feature], comparison="new_vs_old", bins=BINS
        )
        for feature in [*FEATURES, *CATEGORIES]
    }
    write_json(artefacts.file("drift.json"), verdicts)
