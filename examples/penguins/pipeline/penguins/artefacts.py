"""Where the steps keep what they pass on: a folder of the run, and one of the models in production."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FEATURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
CATEGORIES = ["island", "sex"]
TARGET = "species"


@dataclass(frozen=True)
class Artefacts:
    """The files of one run.

    work: where the steps of this run leave their files.
    models: where approved models are, one folder a version, and `current.json`, which names the one served.
    """

    work: Path
    models: Path

    def file(self, name: str) -> Path:
        """A file of this run."""
        return self.work / name

    def start(self, version: str, batch: str) -> dict[str, Any]:
        """Begin the run: make its folder and write down its version, data and start (Unix time, seconds)."""
        self.work.mkdir(parents=True, exist_ok=True)
        run = {"version": version, "batch": batch, "started_at": time.time()}
        write_json(self.file("run.json"), run)
        return run

    def started(self) -> dict[str, Any]:
        """What `start` wrote."""
        try:
            return read_json(self.file("run.json"))
        except FileNotFoundError:
            raise SystemExit(
                f"there is no {self.file('run.json')}: run the step `load` first, with the same WORK_DIR"
            ) from None

    def champion(self) -> Path | None:
        """The folder of the model in production, or None before the first was approved."""
        try:
            version = read_json(self.models / "current.json")["version"]
        except FileNotFoundError:
            return None
        return self.models / version


def read_json(path: Path) -> Any:
    """The value in a JSON file."""
    return json.loads(path.read_text("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file at once: a reader sees the old or the new, never a part."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(value, indent=2), "utf-8")
    os.replace(temporary, path)
