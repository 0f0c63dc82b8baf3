"""Runs a Python program that uses the helper, and reads the events it left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

PACKAGE_FOLDER = Path(__file__).resolve().parent.parent


def environment(directory: Optional[str], **extra: str) -> dict[str, str]:
    """The environment of a program under test, with LOG_DIR set to `directory` unless None."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("OTEL_", "LOG_", "PIPELINE_", "PSEUDONYM"))
    }
    own = {
        "PYTHONPATH": str(PACKAGE_FOLDER),
        # From Python 3.12 on, os.fork warns programs of more than one thread; the helper's writer is one.
        "PYTHONWARNINGS": "ignore:This process:DeprecationWarning",
    }
    return {**kept, **own, **({"LOG_DIR": directory} if directory else {}), **extra}


def python(program: str, directory: Optional[str], **extra: str) -> subprocess.CompletedProcess[str]:
    """Run `program` to its end, 60 s at most."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment(directory, **extra),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def parse(text: str) -> list[dict[str, Any]]:
    """The events of JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


def events(directory: str, name: Optional[str] = None) -> list[dict[str, Any]]:
    """The events of all files in `directory`, in the order of time; only those called `name` where given."""
    found = [event for path in Path(directory).glob("*.log") for event in parse(path.read_text("utf-8"))]
    return sorted(
        (event for event in found if name is None or event["event_name"] == name),
        key=lambda event: event["timestamp"],
    )
