from __future__ import annotations

import json
import os
import random
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from ds_monitoring import Profile, served_features
from ds_monitoring.profiles import FeatureProfile
from tests.support import events, python


def normal(mean: float, count: int, seed: int) -> list[float]:
    generator = random.Random(seed)
    return [generator.gauss(mean, 1) for _ in range(count)]


class ProfileTest(unittest.TestCase):
    def test_verdicts_against_a_profile(self) -> None:
        cases: list[tuple[str, list[Any], list[Any], str]] = [
            ("same distribution", normal(0, 2000, 1), normal(0, 500, 2), "none"),
            ("shifted by a deviation", normal(0, 2000, 1), normal(1, 500, 2), "drift"),
            ("out of the range", normal(0, 2000, 1), normal(50, 500, 2), "drift"),
            ("few served", normal(0, 2000, 1), normal(3, 8, 2), "insufficient_data"),
            ("none served", normal(0, 2000, 1), [], "insufficient_data"),
            ("a flag turned over", [0] * 1900 + [1] * 100, [0] * 100 + [1] * 1900, "drift"),
            ("a constant", [5.0] * 1000, [5.0] * 300, "none"),
            ("another constant", [5.0] * 1000, [7.0] * 300, "drift"),
            ("zeros that are gone", [0] * 920 + normal(5, 80, 1), normal(5, 300, 2), "drift"),
            ("same categories", ["a", "b", "c"] * 300, ["c", "a", "b"] * 90, "none"),
            ("a new category", ["a", "b"] * 300, ["a", "b", "new"] * 90, "drift"),
            ("categories that are all rare", [f"a{n}" for n in range(2000)], ["b"] * 500, "insufficient_data"),
            ("missing values", normal(0, 2000, 1), [*normal(0, 30, 2), *[None] * 270], "drift"),
            ("texts for numbers", normal(0, 2000, 1), ["12,5"] * 100, "drift"),
        ]
        for title, reference, current, verdict in cases:
            with self.subTest(title):
                found = FeatureProfile.of(reference).compare(current)
                self.assertEqual(found["verdict"], verdict, found)
                self.assertEqual((found["n_ref"], found["n_cur"]), (len(reference), sum(v is not None for v in current)))

    def test_the_index_is_that_of_the_same_bins(self) -> None:
        # 2 (1900.5 - 100.5) / 2001 ln(1900.5 / 100.5): half a row is added to each bin.
        found = FeatureProfile.of([0] * 1900 + [1] * 100).compare([0] * 100 + [1] * 1900)
        self.assertAlmostEqual(found["psi"], 5.28884, places=5)
        self.assertEqual(found["bins"], 2)

    def test_a_profile_names_nothing_that_few_rows_have(self) -> None:
        generator = random.Random(7)
        ages = [generator.randint(18, 99) for _ in range(40)]
        profile = Profile.of({"name": [f"person {n}" for n in range(40)], "age": ages, "rare": ["x"] * 39 + ["y"]})
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "profile.json")
            profile.save(path)
            with open(path, encoding="utf-8") as file:
                text = file.read()
        self.assertNotIn("person", text)
        self.assertNotIn('"y"', text)
        age = profile.features["age"]
        self.assertGreaterEqual(min(*age.counts, *age.values.values()), 5, age)

    def test_twenty_features_of_a_million_rows_take_a_few_kilobytes(self) -> None:
        columns = {f"feature {n}": normal(n, 20_000, n) for n in range(20)}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "profile.json")
            Profile.of(columns, "churn", 7).save(path)
            self.assertLess(os.path.getsize(path), 10_000)
            loaded = Profile.load(path)
        self.assertEqual((loaded.model, loaded.model_version), ("churn", "7"))
        self.assertEqual(loaded.features, Profile.of(columns).features)

    def test_what_is_no_profile_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "profile.json")
            with open(path, "w", encoding="utf-8") as file:
                file.write("{}")
            with self.assertRaisesRegex(ValueError, "no reference profile of version 1"):
                Profile.load(path)

    def test_false_alarms_of_a_day_of_twenty_features(self) -> None:
        alarms = 0
        profiles = [FeatureProfile.of(normal(0, 1000, seed)) for seed in range(20)]
        for day in range(100):
            verdicts = {
                profile.compare(normal(0, 150, 1000 + 20 * day + n), 10, 0.05 / 20)["verdict"]
                for n, profile in enumerate(profiles)
            }
            alarms += bool(verdicts & {"drift", "warn"})
        self.assertLess(alarms, 10)


SERVED = """
import io
from ds_monitoring import Profile, RequestLogging, prediction

profile = Profile.of({{"age": list(range(100)), "sex": ["f", "m"] * 50}}, "churn", "7")

def app(environ, start_response):
    prediction("churned", 0.83, features={features})
    start_response("200 OK", [])
    return [b""]

environ = {{"REQUEST_METHOD": "POST", "PATH_INFO": "/predict", "HTTP_X_USER_ID": "ann",
           "HTTP_TRACEPARENT": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}}
api = RequestLogging(app, service="api", model="churn", model_version="7", key="k", {options})
for _ in range({requests}):
    api({{**environ, "wsgi.input": io.BytesIO(b"")}}, lambda *_: None).close()
"""


class FeaturesTest(unittest.TestCase):
    def served(self, features: str, options: str = "feature_rate=1", requests: int = 1) -> list[dict[str, Any]]:
        with tempfile.TemporaryDirectory() as folder:
            done = python(SERVED.format(features=features, options=options, requests=requests), folder)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            return [
                {key: value for key, value in event.items() if key not in ("timestamp", "severity_text", "event_name")}
                for event in events(folder, "ml.features")
            ]

    def test_an_event_has_features_and_nothing_that_leads_to_a_user(self) -> None:
        profiled = "feature_rate=1, profile=profile"
        (event,) = self.served("{'age': 39, 'sex': 'f', 'note': 'call Ann'}", profiled)
        self.assertEqual(
            event,
            {
                "service.name": "api",
                "ml.model.name": "churn",
                "ml.model.version": "7",
                "features": 2,
                "feature.age": 39.0,
                "feature.sex": "f",
            },
        )

    def test_texts_that_the_training_did_not_name_are_never_written(self) -> None:
        (event,) = self.served("{'age': None, 'sex': 'Ann Smith'}", "feature_rate=1, profile=profile")
        self.assertEqual((event["feature.sex"], event["features"]), ("_other", 1))
        (event,) = self.served(
            "{'age': __import__('decimal').Decimal(39), 'sex': 'f', 'flag': True, "
            "'born': __import__('datetime').date(1990, 1, 1)}"
        )
        self.assertEqual(
            {key: value for key, value in event.items() if key.startswith("feature")},
            {"features": 2, "feature.age": 39.0, "feature.flag": 1.0},
        )

    def test_rate_and_number_of_features_are_bounded(self) -> None:
        written = len(self.served("{'age': 1}", "feature_rate=0.25", 2000))
        # Four standard deviations of a binomial distribution: 19.4 each.
        self.assertLess(abs(written - 500), 78)
        self.assertEqual(self.served("{'age': 1}", "feature_rate=0"), [])
        (event,) = self.served("{f'f{n}': n for n in range(80)}", "feature_rate=1, max_features=3")
        self.assertEqual(event["features"], 3)

    def test_names_of_a_caller_do_not_become_ever_new_fields(self) -> None:
        found = self.served("{'a': 1, __import__('uuid').uuid4().hex: 1}", "feature_rate=1, max_features=5", 50)
        names = {key for event in found for key in event if key.startswith("feature.")}
        self.assertEqual(len(names), 5)


class InfluxDb(BaseHTTPRequestHandler):
    """Answers as InfluxDB's /query does; the real one is in test/dataplane."""

    answer: dict[str, Any] = {}
    asked: list[str] = []

    def do_GET(self) -> None:  # noqa: N802
        InfluxDb.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(InfluxDb.answer).encode())

    def log_message(self, *_: Any) -> None:
        pass


class ServedTest(unittest.TestCase):
    def setUp(self) -> None:
        server = HTTPServer(("127.0.0.1", 0), InfluxDb)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.variables = {
            "INFLUXDB_URL": f"http://127.0.0.1:{server.server_port}",
            "INFLUXDB_USERNAME": "reader",
            "INFLUXDB_PASSWORD": "secret",
        }

    def test_numbers_and_texts_of_one_feature_are_one_column(self) -> None:
        columns = ["time", "feature.age", "feature.sex", "text.feature.sex"]
        rows = [[1, 39.0, None, "f"], [2, None, 1.0, None]]
        InfluxDb.answer = {"results": [{"series": [{"columns": columns, "values": rows}]}]}
        found = served_features("api", environment=self.variables)
        self.assertEqual(found, {"age": [39.0, None], "sex": ["f", 1.0]})

    def test_errors_say_what_is_wrong(self) -> None:
        InfluxDb.answer = {"results": [{"error": "retention policy not found"}]}
        with self.assertRaisesRegex(ValueError, "retention policy not found"):
            served_features("api", environment=self.variables)
        with self.assertRaisesRegex(KeyError, "INFLUXDB_URL"):
            served_features("api", environment={})

    def test_the_command_compares_a_day_as_a_run_of_its_own(self) -> None:
        rows = [[n, float(n)] for n in range(500, 1000)]
        InfluxDb.answer = {"results": [{"series": [{"columns": ["time", "feature.age"], "values": rows}]}]}
        InfluxDb.asked = []
        program = "import sys; sys.argv = ['check', 'api']; from ds_monitoring.drift_check import main; main()"
        with tempfile.TemporaryDirectory() as folder:
            variables = {**self.variables, "MODEL_DIR": folder}
            done = python(program, folder, **variables)
            self.assertEqual(done.returncode, 1, "there is no profile yet")
            self.assertIn("profile.json", done.stderr)
            Profile.of({"age": range(1000)}, "churn", "7").save(os.path.join(folder, "profile.json"))
            done = python(program, folder, **variables)
            self.assertEqual((done.returncode, done.stdout), (0, "age: drift\n"), done.stderr)
            ends = [event["cicd.pipeline.result"] for event in events(folder, "pipeline.run.end")]
            (drift,) = events(folder, "ml.drift")
        self.assertEqual(ends, ["failure", "success"])
        self.assertEqual((drift["service.name"], drift["cicd.pipeline.name"]), ("api", "api-drift"))
        (asked,) = InfluxDb.asked
        self.assertIn("%22model_version%22+%3D+%277%27", asked)

    def test_a_run_reports_the_drift_of_what_was_served(self) -> None:
        program = (
            "from ds_monitoring import run, Profile\n"
            "with run('check', run_id='r1') as r:\n"
            "    r.model, r.model_version = 'churn', '7'\n"
            "    r.profile({'age': range(1000), 'sex': ['f', 'm'] * 500}, 'profile.json')\n"
            "    served = {'age': range(500, 1000), 'sex': ['m', 'f'] * 250}\n"
            "    print(r.production_drift('profile.json', 'api', served=served))\n"
            "    print(r.production_drift('profile.json', 'api'))\n"
        )
        with tempfile.TemporaryDirectory() as folder:
            done = python(f"import os; os.chdir({folder!r})\n{program}", folder)
            self.assertEqual(done.stdout.splitlines(), ["{'age': 'drift', 'sex': 'none'}", "None"])
            self.assertIn("the production drift of api was not computed: KeyError: 'INFLUXDB_URL'", done.stderr)
            found = {event["feature"]: event for event in events(folder, "ml.drift")}
            (warning,) = events(folder, "log")
        self.assertEqual(warning["severity_text"], "WARN")
        age = found["age"]
        self.assertEqual(
            [age[key] for key in ("service.name", "comparison", "ml.model.name", "ml.model.version", "n_cur")],
            ["api", "production_vs_training", "churn", "7", 500],
        )
        self.assertEqual(age["cicd.pipeline.run.id"], "r1")
