"""Requests of WSGI applications (Flask, Django)."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Iterator, Optional

from .failures import mark_reported
from .faults import never_raises
from .request import COUNTED, Environ, Recorder, Request, current
from .routes import Place


class _Body:
    """`wsgi.input` that shows the request each part that the application reads."""

    def __init__(self, stream: Any, request: Request) -> None:
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

    def __init__(self, parts: Iterable[bytes], request: Request, end: Callable[[], None]) -> None:
        self._parts = parts
        self._request = request
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        parts = iter(self._parts)
        while True:
            try:
                # A stream computes its parts now: what it reports and logs belongs to the request.
                with current(self._request):
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


class WsgiLogging:
    def __init__(self, app: Any, recorder: Recorder) -> None:
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
            with current(request):
                return _Answer(self._app(environ, start), request, end)
        except Exception as error:
            request.error = error
            request.status = 500
            mark_reported(error)
            end()
            raise

    @never_raises
    def _request(self, environ: Environ) -> Optional[Request]:
        if environ.setdefault(COUNTED, self) is not self:
            return None
        path = str(environ.get("PATH_INFO", ""))
        target = f"{path}?{environ.get('QUERY_STRING', '')}".encode("latin-1", "replace")

        def header(name: str) -> Optional[str]:
            return environ.get("HTTP_" + name.upper().replace("-", "_"))

        place = Place(path, str(environ.get("SCRIPT_NAME", "")))
        return Request(environ.get("REQUEST_METHOD", ""), target, place, header, self._recorder)
