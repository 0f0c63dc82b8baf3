"""Costs of the Python helper, as JSON: CPU time, its writing thread included, the best of three rounds.

With the argument `calls`, only what version 0.1.0 has too: a request and an event.
"""

from __future__ import annotations

import io
import json
import sys
import time
from typing import Any, Callable

from ds_monitoring import RequestLogging, compare, emit, flush, prediction

ROUNDS = 3
FEATURES = {"age": 39.0, "income": 1200.0, "tenure": 7.0, "visits": 2.0}


def best(function: Callable[[], None], calls: int) -> float:
    """Seconds of CPU time of one call."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(calls):
            function()
        times.append((time.process_time() - started) / calls)
        flush(10)
    return min(times)


def application(**predicted: Any) -> Any:
    """An application that answers one prediction; `predicted` are further arguments of `prediction`."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        environ["wsgi.input"].read()
        prediction("churned", 0.83, **predicted)
        start_response("200 OK", [])
        return [b"{}"]

    return answer


def request(app: Any) -> Callable[[], None]:
    def ask() -> None:
        environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/predict", "wsgi.input": io.BytesIO(b"{}")}
        answer = app(environ, lambda *_: None)
        for _ in answer:
            pass
        close = getattr(answer, "close", None)
        if close is not None:
            close()

    return ask


def megabytes() -> float:
    """The most memory so far, of Linux; getrusage counts that of the program that started this one, too."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def logged(app: Any, **options: Any) -> Callable[[], None]:
    # A route and a key are given, so that both are part of the cost.
    return request(RequestLogging(app, service="api", key="k", route=lambda _: "/predict", **options))


figures: dict[str, float] = {"memory_mb": megabytes()}
figures["request_bare_us"] = best(request(application()), 2000) * 1e6
figures["request_us"] = best(logged(application()), 2000) * 1e6
figures["event_us"] = best(lambda: emit("log", {"n": 1}, body="one"), 5000) * 1e6
figures["memory_after_events_mb"] = megabytes()
if sys.argv[1:] == ["calls"]:
    print(json.dumps(figures))
    sys.exit()
with_features = logged(application(features=FEATURES), feature_rate=1)
figures["request_with_features_us"] = best(with_features, 2000) * 1e6
try:
    import numpy as np
except ImportError:
    print("NumPy is not installed: drift was measured of lists only", file=sys.stderr)
else:
    generator = np.random.default_rng(1)
    columns = generator.normal(0, 1, 1_000_000), generator.normal(0.1, 1, 1_000_000)
    sort = best(lambda: np.sort(columns[0]), 1)
    figures["numpy_sort_s"] = sort
    figures["drift_numpy_s"] = best(lambda: compare(*columns), 1)
    lists = [column.tolist() for column in columns]
    figures["drift_list_s"] = best(lambda: compare(*lists), 1)
    figures["memory_after_drift_mb"] = megabytes()
print(json.dumps(figures))
