"""One `http.server.request` event for each request, for WSGI and ASGI applications.

The event has the route's template, never the path, which would be a new series for each id in it.
"""

from __future__ import annotations

import contextlib
import contextvars
import hashlib
import hmac
import inspect
import os
import re
import time
import uuid
from typing import Any, Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping, Optional, Union

from .events import emit, exception_fields, set_default_service, trace_id
from .failures import mark_reported, report_uncaught_exceptions
from .faults import faults, never_raises
from .routes import UNMATCHED, Place, find_route

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"})
#: What nginx calls a request whose client went away before the answer.
CLIENT_CLOSED = 499
#: Messages of ASGI that can end an answer. Source: ASGI's HTTP specification and its extensions.
LAST_MESSAGES = frozenset({"http.response.body", "http.response.pathsend", "http.response.zerocopysend"})
#: Marks a request that an outer `RequestLogging` counts already.
COUNTED = "ds_monitoring.counted"
#: Half of an HMAC-SHA256: enough that two users never share one.
DIGEST_HEX = 32

Version = Union[str, Callable[[], Optional[str]], None]
Environ = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_prediction: contextvars.ContextVar[Optional[dict[str, Any]]] = contextvars.ContextVar(
    "ds_monitoring_prediction", default=None
)


@never_raises
def prediction(of_class: str, score: Optional[float] = None) -> None:
    """Tell, inside a request, what the model answered; the request's event carries it.

    `score`: the model's probability of that class, 0 to 1. Outside a request this does nothing.
    """
    fields = _prediction.get()
    if fields is not None:
        fields["prediction.class"] = str(of_class)
        if score is not None:
            fields["prediction.score"] = float(score)


def RequestLogging(
    app: Any,
    *,
    service: Optional[str] = None,
    model: Optional[str] = None,
    model_version: Version = None,
    user_header: str = "X-User-Id",
    route: Optional[Callable[[Mapping[str, Any]], Optional[str]]] = None,
    ignored_routes: Iterable[str] = ("/health", "/healthz"),
    key: Optional[str] = None,
) -> Any:
    """Wrap a WSGI or ASGI application: `app = RequestLogging(app, service="churn-api", model="churn")`.

    service: `service.name`; default OTEL_SERVICE_NAME.
    model_version: a text, or a function that returns the version that is served now.
    user_header: the request header that names the user. It is written as a keyed hash only.
    route: returns the template of the matched route from the WSGI environ or ASGI scope; default: those of
        Flask (Werkzeug), Starlette, FastAPI and Django with the prefixes of mounted applications, else `unmatched`.
    ignored_routes: requests that are not counted, by template or path; default those of probes, `/health`
        and `/healthz`.
    A request that passes several of these is counted once, by the outermost.
    key: key of the hashes; default PSEUDONYM_KEY of the environment, the same in all replicas or the unique
        counts are wrong. Without a key neither users nor fingerprints are written, and that is reported.
    """
    record = _Recorder(service, model, model_version, user_header, route, ignored_routes, key)
    is_asgi = inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))
    return _AsgiLogging(app, record) if is_asgi else _WsgiLogging(app, record)


class _Request:
    """What is known of one request while it is served."""

    def __init__(
        self, method: str, target: bytes, place: Place, header: Callable[[str], Optional[str]], recorder: _Recorder
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


class _Recorder:
    def __init__(
        self,
        service: Optional[str],
        model: Optional[str],
        model_version: Version,
        user_header: str,
        route: Optional[Callable[[Mapping[str, Any]], Optional[str]]],
        ignored_routes: Iterable[str],
        key: Optional[str],
    ) -> None:
        self._service = service
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
    def find_route(self, request: _Request, mapping: Mapping[str, Any]) -> None:
        """Note the route's template while `mapping`, the WSGI environ or ASGI scope, still has it."""
        if request.route is None:
            request.route = self._route(mapping) if self._route else find_route(request.place, mapping)

    @never_raises
    def write(self, request: _Request, mapping: Mapping[str, Any]) -> None:
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


def _request_id(given: Optional[str]) -> str:
    return given if given and re.fullmatch(r"[A-Za-z0-9._-]{1,128}", given) else uuid.uuid4().hex


def _trace_id(traceparent: Optional[str]) -> Optional[str]:
    """The trace id of a W3C traceparent header."""
    match = re.fullmatch(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*", traceparent or "")
    return match.group(1) if match else None


class _Body:
    """`wsgi.input` that shows the request each part that the application reads."""

    def __init__(self, stream: Any, request: _Request) -> None:
        self._stream = stream
        self._request = request

    def _seen(self, part: bytes) -> bytes:
        self._request.body(part)
        return part

    def read(self, *size: Any) -> bytes:
        return self._seen(self._stream.read(*size))

    def readline(self, *size: Any) -> bytes:
        return self._seen(self._stream.readline(*size))

    def readlines(self, *hint: Any) -> list[bytes]:
        return [self._seen(part) for part in self._stream.readlines(*hint)]

    def __iter__(self) -> Iterator[bytes]:
        return (self._seen(part) for part in self._stream)


class _Answer:
    """A WSGI answer. The request ends with its last part, or when the server closes it before."""

    def __init__(self, parts: Iterable[bytes], request: _Request, end: Callable[[], None]) -> None:
        self._parts = parts
        self._request = request
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        parts = iter(self._parts)
        while True:
            try:
                # A stream computes its parts now: what it reports and logs belongs to the request.
                with _current(self._request):
                    part = next(parts)
            except StopIteration:
                break
            except Exception as error:
                self._request.error = error
                mark_reported(error)
                raise
            yield part
        self._end()

    def close(self) -> None:
        try:
            close = getattr(self._parts, "close", None)
            if close is not None:
                close()
        finally:
            self._end()


@contextlib.contextmanager
def _current(request: _Request) -> Iterator[None]:
    """Make `request` the one that predictions and log lines belong to."""
    variables = (_prediction.set(request.prediction), trace_id.set(request.trace_id))
    try:
        yield
    finally:
        _prediction.reset(variables[0])
        trace_id.reset(variables[1])


class _WsgiLogging:
    def __init__(self, app: Any, recorder: _Recorder) -> None:
        self._app = app
        self._recorder = recorder

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = self._request(environ)
        if request is None:
            uncounted: Iterable[bytes] = self._app(environ, start_response)
            return uncounted
        environ["wsgi.input"] = _Body(environ["wsgi.input"], request)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            request.status = int(status[:3])
            # Flask forgets the route as soon as its handler has returned.
            self._recorder.find_route(request, environ)
            return start_response(status, [*headers, ("X-Request-Id", request.request_id)], exc_info)

        def end() -> None:
            self._recorder.write(request, environ)

        try:
            with _current(request):
                return _Answer(self._app(environ, start), request, end)
        except Exception as error:
            request.error = error
            request.status = 500
            mark_reported(error)
            end()
            raise

    @never_raises
    def _request(self, environ: Environ) -> Optional[_Request]:
        if environ.setdefault(COUNTED, self) is not self:
            return None
        path = str(environ.get("PATH_INFO", ""))
        target = f"{path}?{environ.get('QUERY_STRING', '')}".encode("latin-1", "replace")

        def header(name: str) -> Optional[str]:
            return environ.get("HTTP_" + name.upper().replace("-", "_"))

        place = Place(path, str(environ.get("SCRIPT_NAME", "")))
        return _Request(environ.get("REQUEST_METHOD", ""), target, place, header, self._recorder)


class _AsgiLogging:
    def __init__(self, app: Any, recorder: _Recorder) -> None:
        self._app = app
        self._recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = self._request(scope) if scope["type"] == "http" else None
        if request is None:
            await self._app(scope, receive, send)
            return

        async def receive_seen() -> MutableMapping[str, Any]:
            message = await receive()
            if message["type"] == "http.request":
                request.body(message.get("body", b""))
            return message

        async def send_seen(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
                request_id = (b"x-request-id", request.request_id.encode())
                message = {**message, "headers": [*message.get("headers", ()), request_id]}
            await send(message)
            if message["type"] in LAST_MESSAGES and not message.get("more_body", False):
                request.ended = time.perf_counter()
                # Background tasks come after the answer; so does the exception that made it an error.
                if request.status is not None and request.status < 500:
                    self._recorder.write(request, scope)

        try:
            with _current(request):
                await self._app(scope, receive_seen, send_seen)
        except Exception as error:
            if request.written:
                emit("log", exception_fields(error), "ERROR", "failed after the answer was complete")
            request.error = error
            mark_reported(error)
            raise
        except BaseException:  # the server cancels a request whose client went away
            request.status = request.status if request.status is not None else CLIENT_CLOSED
            raise
        finally:
            self._recorder.write(request, scope)

    @never_raises
    def _request(self, scope: Scope) -> Optional[_Request]:
        if scope.setdefault(COUNTED, self) is not self:
            return None
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())
        }
        target = scope.get("raw_path") or scope["path"].encode()
        place = Place(str(scope["path"]), str(scope.get("root_path", "")))
        query = scope.get("query_string", b"")
        return _Request(scope["method"], target + b"?" + query, place, headers.get, self._recorder)
