from __future__ import annotations

import json
import os
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import joblib

from penguins_api import create_app
from penguins_api.model import FEATURES
from sklearn.dummy import DummyClassifier

PENGUIN = dict(zip(FEATURES, (39.1, 18.7, 181, 3750)))


def publish(directory: Path, version: str, species: str) -> None:
    """Approve a model that always answers `species`."""
    folder = directory / version
    folder.mkdir(parents=True)
    joblib.dump(DummyClassifier().fit([[0, 0, 0, 0]], [species]), folder / "model.joblib")
    (directory / "current.json").write_text(json.dumps({"version": version}))


class ApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        # One folder for all tests: the helper opens its file once a process.
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.logs = folder.name

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = Path(folder.name)
        variables = mock.patch.dict(
            os.environ, {"MODEL_DIR": folder.name, "LOG_DIR": self.logs, "PSEUDONYM_KEY": "k"}
        )
        variables.start()
        self.addCleanup(variables.stop)

    def predict(self, client: Any, body: Any) -> tuple[int, Any]:
        answer = client.post("/predict", json=body, buffered=True)
        return answer.status_code, answer.json

    def test_without_a_model_it_is_not_healthy(self) -> None:
        client = create_app().test_client()
        self.assertEqual(client.get("/healthz").status_code, 503)
        self.assertEqual(client.get("/livez").status_code, 200)
        self.assertEqual(self.predict(client, PENGUIN)[0], 503)

    def test_serves_the_approved_model_and_changes_to_the_next(self) -> None:
        publish(self.data, "2007", "Adelie")
        client = create_app().test_client()
        expected = {"species": "Adelie", "probability": 1.0, "model_version": "2007"}
        self.assertEqual(self.predict(client, PENGUIN), (200, expected))
        publish(self.data, "2008", "Gentoo")
        self.assertEqual(self.predict(client, PENGUIN)[1]["species"], "Gentoo")
        self.assertEqual(client.get("/healthz").json, {"status": "ok", "model_version": "2008"})

    def test_bad_input_is_told_what_to_mend(self) -> None:
        publish(self.data, "2007", "Adelie")
        client = create_app().test_client()
        for body, part in (
            ([], "must be a JSON object"),
            ({**PENGUIN, "body_mass_g": "heavy"}, "body_mass_g: must be a number"),
            ({**PENGUIN, "bill_depth_mm": True}, "bill_depth_mm: must be a number"),
            ({}, "bill_length_mm: must be a number"),
        ):
            status, answer = self.predict(client, body)
            self.assertEqual(status, 400)
            self.assertIn(part, answer["error"])
        self.assertEqual(client.post("/predict", data="x" * 20_000).status_code, 413)


if __name__ == "__main__":
    unittest.main()
