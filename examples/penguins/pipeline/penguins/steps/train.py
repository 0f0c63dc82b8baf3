"""Splits the batch and trains the challenger."""

from __future__ import annotations

import joblib
import pandas as pd
from ds_monitoring import Run, Task
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..artefacts import FEATURES, TARGET, Artefacts, write_json

VALIDATION_SHARE = 0.3
#: The same data gives the same model.
SEED = 2007
BINS = 5


def run_step(artefacts: Artefacts, run: Run, task: Task) -> None:
    """kept.csv -> train.csv, validation.csv, model.joblib, profile.json and balance.json."""
    rows = pd.read_csv(artefacts.file("kept.csv"))
    train, validation = train_test_split(
        rows, test_size=VALIDATION_SHARE, random_state=SEED, stratify=rows[TARGET]
    )
    imbalance_ratio = run.class_balance(train[TARGET], split="train")
    run.class_balance(validation[TARGET], split="validation")
    for feature in FEATURES:
        run.drift(
            feature,
            reference=train[feature],
            current=validation[feature],
            comparison="train_vs_val",
            bins=BINS,
        )
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, random_state=SEED))
    model.fit(train[FEATURES], train[TARGET])
    train.to_csv(artefacts.file("train.csv"), index=False)
    validation.to_csv(artefacts.file("validation.csv"), index=False)
    joblib.dump(model, artefacts.file("model.joblib"))
    run.profile(train[FEATURES], artefacts.file("profile.json"))
    write_json(artefacts.file("balance.json"), {"imbalance_ratio": imbalance_ratio})
    task.rows(rows_in=len(rows), rows_out=len(train))
