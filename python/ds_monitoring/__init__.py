"""Monitoring events for training pipelines and model APIs. Standard library only.

    with run("churn-training", model="churn") as training:
        with training.task("train", expected_max_s=600):
            ...
        training.metric("test", f1=0.93)

    app = RequestLogging(app, service="churn-api", model="churn")

Events are JSON lines of the log contract, in LOG_DIR (default /var/log/app), else on standard error. Nothing
here raises into the work or waits for the disk; what could not be written is counted and reported.
"""

from .drift import compare
from .events import emit, flush
from .failures import report_uncaught_exceptions
from .handler import EventHandler
from .middleware import RequestLogging
from .profiles import Profile
from .request import prediction
from .runs import Run, Task, run
from .served import served_features

__all__ = [
    "EventHandler",
    "Profile",
    "RequestLogging",
    "Run",
    "Task",
    "compare",
    "emit",
    "flush",
    "prediction",
    "report_uncaught_exceptions",
    "run",
    "served_features",
]
