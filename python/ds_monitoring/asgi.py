"""Requests of ASGI applications (FastAPI, Starlette, Django)."""

from __future__ import annotations

import time
from typing import Any, Awaitable, Callable, MutableMapping, Optional

from .events import emit, exception_fields
from .failures import mark_reported
from .faults import never_raises
from .request import COUNTED, Recorder, Request, current
from .routes import Place

#: What nginx calls a request whose client went away before the answer.
CLIENT_CLOSED = 499
#: Messages of ASGI that can end an answer. Source: ASGI's HTTP specification and its extensions.
LAST_MESSAGES = frozenset({"http.response.body", "http.response.pathsend", "http.response.zerocopysend"})

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class AsgiLogging:
    def __init__(self, app: Any, recorder: Recorder) -> None:
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
            with current(request):
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
    def _request(self, scope: Scope) -> Optional[Request]:
        if scope.setdefault(COUNTED, self) is not self:
            return None
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())
        }
        target = scope.get("raw_path") or scope["path"].encode()
        place = Place(str(scope["path"]), str(scope.get("root_path", "")))
        query = scope.get("query_string", b"")
        return Request(scope["method"], target + b"?" + query, place, headers.get, self._recorder)
