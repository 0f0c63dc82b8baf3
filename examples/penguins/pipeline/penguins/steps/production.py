"""Compares what the API was asked in the last day with the training of the model that it serves."""

from __future__ import annotations

from ds_monitoring import Run

from ..artefacts import Artefacts

API = "penguins-api"
#: As in the drift between trainings.
BINS = 5


def run_check(artefacts: Artefacts, run: Run) -> None:
    """profile.json of the model in production, and the samples in InfluxDB -> the verdict of each feature."""
    champion = artefacts.champion()
    if champion is None:
        raise SystemExit("no model was approved yet: run the pipeline first")
    verdicts = run.production_drift(champion / "profile.json", API, bins=BINS)
    if verdicts is None:
        raise SystemExit("the served features could not be compared: see the log")
    print(", ".join(f"{feature}: {verdict}" for feature, verdict in verdicts.items()))
