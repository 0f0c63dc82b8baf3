"""Approves the challenger for production or rejects it, with reasons."""

from __future__ import annotations

import shutil
from typing import Any

import pandas as pd
from ds_monitoring import Run, Task

from ..artefacts import FEATURES, Artefacts, read_json, write_json

MIN_F1 = 0.9
#: The challenger may be this much worse than the champion on the new rows, as few rows make scores noisy.
F1_TOLERANCE = 0.02
MAX_IMBALANCE_RATIO = 5.0
MAX_REMOVED_RATIO = 0.1
#: What the API needs of a version, and what the next run compares with.
PUBLISHED = ("model.joblib", "profile.json", "kept.csv", "scores.json")


def failed_checks(
    challenger: dict[str, float],
    champion: dict[str, float] | None,
    imbalance_ratio: float,
    removed_ratio: float,
) -> dict[str, str]:
    """Each check that the challenger fails, with what was found."""
    failed = {}
    if challenger["f1"] < MIN_F1:
        failed["f1_minimum"] = f"f1 {challenger['f1']:.3f} is below {MIN_F1}"
    if champion is not None and challenger["f1"] < champion["f1"] - F1_TOLERANCE:
        failed["f1_champion"] = f"f1 {challenger['f1']:.3f} is below the champion's {champion['f1']:.3f}"
    if imbalance_ratio > MAX_IMBALANCE_RATIO:
        failed["class_balance"] = f"largest class is {imbalance_ratio:.1f} times the smallest"
    if removed_ratio > MAX_REMOVED_RATIO:
        failed["outliers"] = f"{removed_ratio:.1%} of the rows were removed as outliers"
    return failed


def publish(artefacts: Artefacts, version: str) -> None:
    """Put the challenger into production; `current.json` changes last, so a reader never sees half of it."""
    folder = artefacts.models / version
    folder.mkdir(parents=True, exist_ok=True)
    for name in PUBLISHED:
        shutil.copyfile(artefacts.file(name), folder / name)
    write_json(artefacts.models / "current.json", {"version": version})
    # Where the API's daily check looks for it.
    write_json(artefacts.models / "profile.json", read_json(folder / "profile.json"))


def run_step(artefacts: Artefacts, run: Run, task: Task) -> None:
    """scores.json, balance.json, outliers.json -> decision.json, and a new version in production if approved."""
    scores: dict[str, Any] = read_json(artefacts.file("scores.json"))
    imbalance_ratio = read_json(artefacts.file("balance.json"))["imbalance_ratio"]
    removed_ratio = read_json(artefacts.file("outliers.json"))["removed_ratio"]
    started = artefacts.started()
    version = started["version"]
    champion = artefacts.champion()
    failed = failed_checks(scores["challenger"], scores["champion"], imbalance_ratio, removed_ratio)
    decision = "reject" if failed else "approve"
    f1 = scores["challenger"]["f1"]
    against = f", the champion's {scores['champion']['f1']:.3f}" if scores["champion"] else ""
    reason = "; ".join(failed.values()) if failed else f"all checks passed: f1 {f1:.3f}{against}"
    if not failed:
        publish(artefacts, version)
    rows = len(pd.read_csv(artefacts.file("kept.csv")))
    run.decision(decision, reason)
    run.summary(
        rows=rows,
        features=len(FEATURES),
        imbalance_ratio=imbalance_ratio,
        decision=decision,
        failed_checks=list(failed),
        champion_version=champion.name if champion is not None else None,
        data_version=started["batch"],
    )
    write_json(artefacts.file("decision.json"), {"decision": decision, "reason": reason})
    task.rows(rows_in=rows, rows_out=rows)
    print(f"{version}: {decision}: {reason}")
