"""The model in production, loaded again when the pipeline approves another."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

FEATURES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]


class NoModel(RuntimeError):
    """No model was approved yet."""


@dataclass(frozen=True)
class Answer:
    """The most probable species, its probability (0 to 1), and the version of the model that says so."""

    species: str
    probability: float
    version: str


@dataclass(frozen=True)
class _Loaded:
    version: str
    changed_ns: int
    model: Any


class ModelStore:
    """Reads `current.json` and the version that it names from the folder of approved models."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    def predict(self, measurements: list[float]) -> Answer:
        """Classify one penguin, its measurements in the order of FEATURES. Raises NoModel."""
        loaded = self._current()
        rows = pd.DataFrame([measurements], columns=FEATURES)
        probabilities = loaded.model.predict_proba(rows)[0]
        best = int(probabilities.argmax())
        return Answer(str(loaded.model.classes_[best]), float(probabilities[best]), loaded.version)

    def version(self) -> str:
        """The version in production, loaded if it is not yet. Raises NoModel."""
        return self._current().version

    def loaded_version(self) -> str | None:
        """The version that answers now, without looking for another; None before the first is loaded."""
        return self._loaded.version if self._loaded is not None else None

    def loaded_profile(self) -> Path | None:
        """The reference profile of the version that answers now; None where it has none."""
        if self._loaded is None:
            return None
        path = self._directory / self._loaded.version / "profile.json"
        return path if path.exists() else None

    def _current(self) -> _Loaded:
        pointer = self._directory / "current.json"
        try:
            changed_ns = pointer.stat().st_mtime_ns
        except FileNotFoundError:
            raise NoModel(f"no approved model in {self._directory}: run the pipeline first") from None
        with self._lock:
            if self._loaded is None or self._loaded.changed_ns != changed_ns:
                version = json.loads(pointer.read_text("utf-8"))["version"]
                model = joblib.load(self._directory / version / "model.joblib")
                self._loaded = _Loaded(version, changed_ns, model)
            return self._loaded
