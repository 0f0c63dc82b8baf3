"""Removes rows whose value is far outside its species' usual range."""

from __future__ import annotations

import pandas as pd
from ds_monitoring import Run, Task

from ..artefacts import FEATURES, TARGET, Artefacts, write_json

#: Interquartile ranges beyond the quartiles at which a value is an outlier (Tukey's fences).
FENCE = 1.5
METHOD = "iqr_per_class"


def is_outlier(values: pd.Series, species: pd.Series) -> pd.Series:
    """For each row whether its value is outside the fences of its species."""
    grouped = values.groupby(species)
    low, high = grouped.transform("quantile", 0.25), grouped.transform("quantile", 0.75)
    margin = FENCE * (high - low)
    return (values < low - margin) | (values > high + margin)


def run_step(artefacts: Artefacts, run: Run, task: Task) -> None:
    """clean.csv -> kept.csv, and outliers.json with the share of removed rows."""
    clean = pd.read_csv(artefacts.file("clean.csv"))
    removed = pd.Series(False, index=clean.index)
    for feature in FEATURES:
        outlying = is_outlier(clean[feature], clean[TARGET])
        run.outliers(feature, METHOD, rows_before=len(clean), rows_removed=int(outlying.sum()))
        removed |= outlying
    kept = clean[~removed]
    kept.to_csv(artefacts.file("kept.csv"), index=False)
    write_json(artefacts.file("outliers.json"), {"removed_ratio": float(removed.mean())})
    task.rows(rows_in=len(clean), rows_out=len(kept))
