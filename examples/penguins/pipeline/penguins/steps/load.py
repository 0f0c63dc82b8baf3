"""Takes one year's measurements out of the Palmer penguins data."""

from __future__ import annotations

import os
from importlib.resources import files

import pandas as pd
from ds_monitoring import Run, Task

from ..artefacts import Artefacts


def run_step(artefacts: Artefacts, run: Run, task: Task) -> None:
    """Write raw.csv: the rows of the year in YEAR. Fails where that year has none."""
    every = pd.read_csv(str(files("palmerpenguins") / "data" / "penguins.csv"))
    year = os.environ["YEAR"]
    batch = every[every["year"].astype(str) == year].drop(columns="year")
    if batch.empty:
        known = ", ".join(str(known) for known in sorted(every["year"].unique()))
        raise ValueError(f"YEAR={year}: no measurements of that year; there are {known}")
    batch.to_csv(artefacts.file("raw.csv"), index=False)
    task.rows(rows_in=len(every), rows_out=len(batch))
