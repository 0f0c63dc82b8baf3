"""The command `python -m ds_monitoring.drift_check SERVICE`: a day of what a model API served, against its training."""

from __future__ import annotations

import argparse
import os

from .runs import run

#: Seconds after which a check is overdue.
MAX_S = 600.0


def main() -> None:
    """Run the check as a run of its own; exit code 1, and a failed run, where nothing could be compared."""
    parser = argparse.ArgumentParser(
        prog="python -m ds_monitoring.drift_check",
        description="Compare the features that a model API has served with those of its model's training. "
        "INFLUXDB_URL, INFLUXDB_USERNAME and INFLUXDB_PASSWORD say where the samples are.",
    )
    parser.add_argument("service", help="`service.name` of the API")
    parser.add_argument(
        "--profile", default="profile.json", help="what Run.profile wrote; relative to MODEL_DIR, where that is set"
    )
    parser.add_argument("--hours", type=float, default=24, help="how much is compared, up to now; default 24")
    arguments = parser.parse_args()
    profile = os.path.join(os.environ.get("MODEL_DIR", ""), arguments.profile)
    pipeline = os.environ.get("PIPELINE_NAME", f"{arguments.service}-drift")
    with run(pipeline, expected_max_s=MAX_S) as check:
        verdicts = check.production_drift(profile, arguments.service, hours=arguments.hours)
        if verdicts is None:
            raise SystemExit("nothing was compared: the reason is above, and in the log")
        for feature, verdict in verdicts.items():
            print(f"{feature}: {verdict}")


if __name__ == "__main__":
    main()
