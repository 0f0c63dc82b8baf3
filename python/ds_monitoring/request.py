"""What is known of a request while it is served, and the event that it becomes."""

from __future__ import annotations

import contextvars
import hashlib
import hmac
import os
import random
import re
import time
from types import TracebackType
from typing import Any, Callable, Iterable, Mapping, MutableMapping, Optional, Union

from .events import emit, exception_fields, set_default_service, trace_id
from .failures import report_uncaught_exceptions
from .faults import faults, never_raises
from .features import FeatureSampler
from .routes import UNMATCHED, Place, find_route
from .samples import label

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"})
#: Marks a request that an outer `RequestLogging` counts already.
COUNTED = "ds_monitoring.counted"
#: Half of an HMAC-SHA256: enough that two users never share one.
DIGEST_HEX = 32
#: Of a request with more predictions, the features of the first ones are looked at.
MAX_ROWS = 1_000

Version = Union[str, Callable[[], Optional[str]], None]
Environ = MutableMapping[str, Any]

_request: contextvars.ContextVar[Optional[Request]] = contextvars.ContextVar(
    "ds_monitoring_request", default=None
)


@never_raises
def prediction(
    of_class: Any, score: Optional[float] = None, features: Optional[Mapping[str, Any]] = None
) -> None:
    """Tell, inside a request, what the model answered; the request's event carries it.

    of_class: the predicted class, or, of a regression, None.
    score: the model's probability of that class, 0 to 1; of a regression the predicted number.
    features: what the model was given, by name: a share of them is written as `ml.features` events, which name no
        user and no request; see `RequestLogging`. Call this once for each row of a request with several.
    Outside a request this does nothing.
    """
    request = _request.get()
    if request is None:
        return
    if of_class is not None:
        request.prediction["prediction.class"] = label(of_class)
    if score is not None:
        request.prediction["prediction.score"] = float(score)
    if features is not None and len(request.features) < MAX_ROWS:
        request.features.append(features)


class Request:
    """What is known of one request while it is served."""

    def __init__(
        self, method: str, target: bytes, place: Place, header: Callable[[str], Optional[str]], recorder: Recorder
    ) -> None:
        self.started = time.perf_counter()
        self.ended: Optional[float] = None
        self.place = place
        self.written = False
        self.status: Optional[int] = None
        self.error: Optional[BaseException] = None
        self.route: Optional[str] = None
        self.method = method if method in METHODS else "_OTHER"
        self.prediction: dict[str, Any] = {}
        self.features: list[Mapping[str, Any]] = []
        self.request_id = _request_id(header("x-request-id"))
        self.trace_id = _trace_id(header("traceparent"))
        self.user = recorder.pseudonym(header(recorder.user_header))
        self._digest = recorder.digest(method.encode("latin-1", "replace") + b" " + target + b"\n")

    def body(self, part: bytes) -> None:
        """Take a part of the body, as the application reads it, into the fingerprint."""
        if self._digest is not None:
            self._digest.update(part)

    @property
    def fingerprint(self) -> Optional[str]:
        """Keyed hash of method, path, query and body; None without a key."""
        return self._digest.hexdigest()[:DIGEST_HEX] if self._digest is not None else None


class Recorder:
    def __init__(
        self,
        service: Optional[str],
        model: Optional[str],
        model_version: Version,
        user_header: str,
        route: Optional[Callable[[Mapping[str, Any]], Optional[str]]],
        ignored_routes: Iterable[str],
        key: Optional[str],
        features: FeatureSampler,
    ) -> None:
        self._service = service
        self._features = features
        self._model = model
        self._model_version = model_version
        self.user_header = user_header.lower()
        self._route = route
        self._ignored = frozenset(ignored_routes)
        secret = key or os.environ.get("PSEUDONYM_KEY")
        self._key = secret.encode() if secret else None
        if self._key is None:
            faults.add("PSEUDONYM_KEY is not set: users and request fingerprints are not written")
        if service is not None:
            set_default_service(service)
        report_uncaught_exceptions()

    def digest(self, start: bytes) -> Optional[hmac.HMAC]:
        """A keyed hash that begins with `start`; None without a key."""
        return hmac.new(self._key, start, hashlib.sha256) if self._key is not None else None

    def pseudonym(self, user: Optional[str]) -> Optional[str]:
        """The user's keyed hash; None without a user or a key."""
        if not user:
            return None
        digest = self.digest(b"user\n" + user.encode("utf-8", "replace"))
        return digest.hexdigest()[:DIGEST_HEX] if digest is not None else None

    @never_raises
    def find_route(self, request: Request, mapping: Mapping[str, Any]) -> None:
        """Note the route's template while `mapping`, the WSGI environ or ASGI scope, still has it."""
        if request.route is None:
            request.route = self._route(mapping) if self._route else find_route(request.place, mapping)

    @never_raises
    def write(self, request: Request, mapping: Mapping[str, Any]) -> None:
        """Write the event of a request whose answer is complete, once."""
        if request.written:
            return
        request.written = True
        duration = (request.ended or time.perf_counter()) - request.started
        self.find_route(request, mapping)
        template = request.route or UNMATCHED
        if template in self._ignored or request.place.path in self._ignored:
            return
        version = self._model_version() if callable(self._model_version) else self._model_version
        failed = request.error is not None
        status = request.status if request.status is not None else 500
        fields: dict[str, Any] = {
            "http.request.method": request.method,
            "http.route": template,
            "http.response.status_code": status,
            "duration_s": duration,
            "request.id": request.request_id,
            "request.fingerprint": request.fingerprint,
            "enduser.pseudo.id": request.user,
            # The context variable is reset by now.
            "trace_id": request.trace_id,
            "ml.model.name": self._model,
            "ml.model.version": version,
            **request.prediction,
        }
        if self._service is not None:
            fields["service.name"] = self._service
        if request.error is not None:
            fields.update(exception_fields(request.error))
        emit("http.server.request", fields, "ERROR" if failed or status >= 500 else "INFO")
        if request.features:
            names = ("service.name", "ml.model.name", "ml.model.version")
            self._features.write(request.features, {name: fields.get(name) for name in names if name in fields})


#: A generator of our own: an application that seeds that of `random` would repeat ids. Quicker than `uuid`, which asks
#: the system for each.
_ids = random.Random()
os.register_at_fork(after_in_child=_ids.seed)


def _request_id(given: Optional[str]) -> str:
    if given and re.fullmatch(r"[A-Za-z0-9._-]{1,128}", given):
        return given
    return f"{_ids.getrandbits(128):032x}"


def _trace_id(traceparent: Optional[str]) -> Optional[str]:
    """The trace id of a W3C traceparent header."""
    if not traceparent:
        return None
    match = re.fullmatch(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*", traceparent)
    return match.group(1) if match else None


class current:  # noqa: N801 - a context manager; one of contextlib costs twice as much, three times a request
    """Make `request` the one that predictions and log lines belong to."""

    __slots__ = ("_request", "_variables")

    def __init__(self, request: Request) -> None:
        self._request = request

    def __enter__(self) -> None:
        self._variables = (_request.set(self._request), trace_id.set(self._request.trace_id))

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        _request.reset(self._variables[0])
        trace_id.reset(self._variables[1])
