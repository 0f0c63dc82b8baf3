"""The command `python -m penguins STEP`: runs one step, inside the monitoring of its run."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ds_monitoring import run

from .artefacts import Artefacts
from .steps import clean, decide, drift, evaluate, load, outliers, train

PIPELINE = "penguins-training"
MODEL = "penguins"
#: Steps in their order; each runs after the one before it ended well.
STEPS = {
    "load": load.run_step,
    "clean": clean.run_step,
    "outliers": outliers.run_step,
    "drift": drift.run_step,
    "train": train.run_step,
    "evaluate": evaluate.run_step,
    "decide": decide.run_step,
}
#: A step that takes longer is overdue.
STEP_MAX_S = 120.0
RUN_MAX_S = 600.0


def required(name: str) -> str:
    """An environment variable that has no default."""
    value = os.environ.get(name)
    if not value:
        raise SystemExit(f"{name} is not set: see README.md")
    return value


def main() -> None:
    """Run the step that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m penguins", description="One step of the training pipeline."
    )
    parser.add_argument("step", choices=list(STEPS))
    name = parser.parse_args().step
    artefacts = Artefacts(Path(required("WORK_DIR")), Path(required("MODEL_DIR")))
    run_id = required("PIPELINE_RUN_ID")
    # Each training makes a version of its own: two of one batch must not be taken for one.
    state = artefacts.start(run_id, required("YEAR")) if name == "load" else artefacts.started()
    with (
        run(
            os.environ.get("PIPELINE_NAME", PIPELINE),
            run_id=run_id,
            model=MODEL,
            model_version=state["version"],
            expected_max_s=RUN_MAX_S,
            starts=name == "load",
            ends=name == "decide",
            started_at=state["started_at"],
        ) as training,
        training.task(name, expected_max_s=STEP_MAX_S) as task,
    ):
        if os.environ.get("FAIL_STEP") == name:
            raise RuntimeError(f"step {name} failed on purpose: FAIL_STEP={name}")
        STEPS[name](artefacts, training, task)


if __name__ == "__main__":
    main()
