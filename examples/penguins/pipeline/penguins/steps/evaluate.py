"""Scores the challenger, and the champion on the same rows."""

from __future__ import annotations

from typing import Any

import joblib
import pandas as pd
from ds_monitoring import Run, Task
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
    precision_score,
    recall_score,
    roc_auc_score,
)
from sklearn.preprocessing import label_binarize

from ..artefacts import FEATURES, TARGET, Artefacts, write_json

SPLIT = "validation"


def scores(model: Any, rows: pd.DataFrame) -> dict[str, float]:
    """Scores over all classes: macro averages, and the Brier score summed over the classes (0 to 2)."""
    actual, predicted = rows[TARGET], model.predict(rows[FEATURES])
    probabilities = model.predict_proba(rows[FEATURES])
    indicator = label_binarize(actual, classes=model.classes_)
    return {
        "accuracy": accuracy_score(actual, predicted),
        "precision": precision_score(actual, predicted, average="macro", zero_division=0),
        "recall": recall_score(actual, predicted, average="macro", zero_division=0),
        "f1": f1_score(actual, predicted, average="macro", zero_division=0),
        "roc_auc": roc_auc_score(actual, probabilities, multi_class="ovr", labels=model.classes_),
        "log_loss": log_loss(actual, probabilities, labels=model.classes_),
        "brier": float(((probabilities - indicator) ** 2).sum(axis=1).mean()),
    }


def run_step(artefacts: Artefacts, run: Run, task: Task) -> None:
    """validation.csv, model.joblib and the champion's model.joblib -> scores.json."""
    rows = pd.read_csv(artefacts.file("validation.csv"))
    model = joblib.load(artefacts.file("model.joblib"))
    challenger = scores(model, rows)
    run.metric(SPLIT, **challenger)
    predicted = model.predict(rows[FEATURES])
    columns = precision_recall_fscore_support(rows[TARGET], predicted, labels=model.classes_, zero_division=0)
    for species, precision, recall, f1 in zip(model.classes_, *columns[:3]):
        run.metric(SPLIT, of_class=species, precision=precision, recall=recall, f1=f1)
    run.confusion(list(rows[TARGET]), list(predicted), split=SPLIT)
    folder = artefacts.champion()
    champion = scores(joblib.load(folder / "model.joblib"), rows) if folder is not None else None
    write_json(artefacts.file("scores.json"), {"challenger": challenger, "champion": champion})
    task.rows(rows_in=len(rows), rows_out=len(rows))
