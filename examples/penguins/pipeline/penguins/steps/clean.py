"""Drops rows without a measurement or a species."""

from __future__ import annotations

import pandas as pd
from ds_monitoring import Run, Task

from ..artefacts import FEATURES, TARGET, Artefacts


def run_step(artefacts: Artefacts, run: Run, task: Task) -> None:
    """raw.csv -> clean.csv. A missing sex stays: the model does not use it."""
    raw = pd.read_csv(artefacts.file("raw.csv"))
    clean = raw.dropna(subset=[*FEATURES, TARGET])
    clean.to_csv(artefacts.file("clean.csv"), index=False)
    task.rows(rows_in=len(raw), rows_out=len(clean))
