from __future__ import annotations

import tempfile
import textwrap
import unittest
from typing import Any

from tests.support import events, python

try:
    import flask
except ImportError:
    flask = None
try:
    import django
except ImportError:
    django = None
try:
    import fastapi
except ImportError:
    fastapi = None

WSGI = """
import io
from wsgiref.util import setup_testing_defaults
from ds_monitoring import RequestLogging, prediction

def app(environ, start_response):
    environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/broken":
        raise ValueError("broken")
    prediction("Adelie", 0.75)
    start_response("201 Created", [("Content-Type", "text/plain")])
    return [b"ok"]

app = RequestLogging(app, service="api", model="penguins", model_version=lambda: "7", route=lambda environ: "/things/{id}")

def request(path, method="POST", body=b"", **headers):
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "wsgi.input": io.BytesIO(body), **headers}
    setup_testing_defaults(environ)
    answer = []
    parts = app(environ, lambda status, headers, exc_info=None: answer.append((status, dict(headers))))
    list(parts)
    parts.close()
    return answer[0]
"""

ASGI = """
import asyncio
from ds_monitoring import RequestLogging, prediction

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    await receive()
    if scope["path"] == "/broken":
        raise ValueError("broken")
    if scope["path"] == "/slow":
        await asyncio.sleep(60)
    prediction("Gentoo")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})

app = RequestLogging(app, service="api", model="penguins", model_version="7", route=lambda scope: "/things/{id}")

def request(path, body=b"", cancel=False, **headers):
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"",
             "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]}
    sent = []
    async def receive(): return {"type": "http.request", "body": body, "more_body": False}
    async def send(message): sent.append(message)
    async def call(): await asyncio.wait_for(app(scope, receive, send), 0.05 if cancel else 10)
    asyncio.run(call())
    return sent
"""


class MiddlewareTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def requests(self, program: str, **extra: str) -> list[dict[str, Any]]:
        done = python(textwrap.dedent(program), self.folder, **{"PSEUDONYM_KEY": "secret", **extra})
        self.assertEqual(done.returncode, 0, done.stderr)
        return events(self.folder, "http.server.request")

    def test_wsgi_request(self) -> None:
        (event,) = self.requests(
            WSGI
            + "status, headers = request('/things/42', HTTP_X_REQUEST_ID='abc-1', HTTP_X_USER_ID='ann',"
            + f" HTTP_TRACEPARENT='00-{'a' * 32}-{'b' * 16}-01')\n"
            + "assert (status, headers['X-Request-Id']) == ('201 Created', 'abc-1'), headers\n"
        )
        self.assertEqual(event["http.route"], "/things/{id}")
        self.assertEqual((event["http.request.method"], event["http.response.status_code"]), ("POST", 201))
        self.assertEqual(
            (event["service.name"], event["ml.model.name"], event["ml.model.version"]),
            ("api", "penguins", "7"),
        )
        self.assertEqual((event["prediction.class"], event["prediction.score"]), ("Adelie", 0.75))
        self.assertEqual((event["request.id"], event["trace_id"]), ("abc-1", "a" * 32))
        self.assertGreater(event["duration_s"], 0)
        self.assertNotIn("ann", str(event))

    def test_wsgi_failure_is_reported_and_raised(self) -> None:
        (event,) = self.requests(
            WSGI
            + "try:\n    request('/broken')\nexcept ValueError: pass\nelse: raise SystemExit('not raised')\n"
        )
        self.assertEqual((event["http.response.status_code"], event["exception.type"]), (500, "ValueError"))
        self.assertEqual(event["severity_text"], "ERROR")

    def test_fingerprint_and_user_are_keyed_hashes(self) -> None:
        calls = (
            "request('/p', body=b'1', HTTP_X_USER_ID='ann')\n"
            "request('/p', body=b'1', HTTP_X_USER_ID='bob')\n"
            "request('/p', body=b'2', HTTP_X_USER_ID='ann')\n"
            "request('/p', body=b'2', method='PUT')\n"
        )
        first = self.requests(WSGI + calls)
        prints = [event["request.fingerprint"] for event in first]
        self.assertEqual(prints[0], prints[1])
        self.assertEqual(len(set(prints)), 3)
        self.assertEqual(first[0]["enduser.pseudo.id"], first[2]["enduser.pseudo.id"])
        self.assertNotEqual(first[0]["enduser.pseudo.id"], first[1]["enduser.pseudo.id"])
        self.assertNotIn("enduser.pseudo.id", first[3])
        again = self.requests(WSGI + calls)[4:]
        self.assertEqual([event["request.fingerprint"] for event in again], prints)
        other = self.requests(WSGI + calls, PSEUDONYM_KEY="another")[8:]
        self.assertFalse(set(prints) & {event["request.fingerprint"] for event in other})

    def test_without_a_key_no_hashes_are_written_and_that_is_reported(self) -> None:
        (event,) = self.requests(WSGI + "request('/p', HTTP_X_USER_ID='ann')\n", PSEUDONYM_KEY="")
        self.assertNotIn("enduser.pseudo.id", event)
        self.assertNotIn("request.fingerprint", event)
        (report,) = events(self.folder, "log")
        self.assertIn("PSEUDONYM_KEY is not set", report["body"])

    def test_health_probes_are_not_counted(self) -> None:
        self.assertEqual(self.requests(WSGI + "request('/healthz', method='GET')\n"), [])

    def test_odd_requests(self) -> None:
        found = self.requests(
            WSGI.replace('route=lambda environ: "/things/{id}"', "route=lambda environ: None")
            + "request('/a', method='BREW')\n"
            + "request('/b', HTTP_X_REQUEST_ID='bad\\nid')\n"
            + "app._recorder._route = lambda environ: 1 / 0\n"
            + "request('/c')\n"
        )
        self.assertEqual([event["http.request.method"] for event in found], ["_OTHER", "POST", "POST"])
        self.assertEqual({event["http.route"] for event in found}, {"unmatched"})
        self.assertRegex(found[1]["request.id"], "^[0-9a-f]{32}$")
        (report,) = events(self.folder, "log")
        self.assertIn("find_route failed: ZeroDivisionError (2)", report["body"])

    def test_request_ids_are_never_the_same(self) -> None:
        # Whatever the application seeds, and after a fork.
        program = WSGI + "import os, random, ds_monitoring\nrandom.seed(1)\nrequest('/a')\npid = os.fork()\n"
        program += "request('/b')\nds_monitoring.flush()\nif pid == 0:\n    os._exit(0)\nos.waitpid(pid, 0)\n"
        found = [*self.requests(program), *self.requests(program)]
        self.assertEqual(len({event["request.id"] for event in found}), 6)

    def test_asgi_request(self) -> None:
        found = self.requests(
            ASGI
            + "import inspect\nassert inspect.iscoroutinefunction(app.__call__)\n"
            + "asyncio.run(app({'type': 'lifespan'}, None, None))\n"
            + "sent = request('/things/42', body=b'1', x_user_id='ann')\n"
            + "assert dict(sent[0]['headers']).get(b'x-request-id'), sent\n"
            + "request('/things/42', body=b'1')\n"
            + "try: request('/broken')\nexcept ValueError: pass\nelse: raise SystemExit('not raised')\n"
            + "try: request('/slow', cancel=True)\nexcept asyncio.TimeoutError: pass\n"
        )
        self.assertEqual([event["http.response.status_code"] for event in found], [200, 200, 500, 499])
        self.assertEqual(found[0]["request.fingerprint"], found[1]["request.fingerprint"])
        self.assertEqual((found[0]["prediction.class"], found[0]["http.route"]), ("Gentoo", "/things/{id}"))
        self.assertIn("enduser.pseudo.id", found[0])
        self.assertEqual(found[2]["exception.type"], "ValueError")

    def test_a_request_through_two_of_these_is_counted_once(self) -> None:
        (event,) = self.requests(
            WSGI + "app = RequestLogging(app, service='outer')\nrequest('/things/42')\n",
        )
        self.assertEqual((event["service.name"], event["prediction.class"]), ("outer", "Adelie"))

    def test_an_asgi_answer_ends_with_its_last_byte(self) -> None:
        found = self.requests(
            ASGI.replace(
                '    await send({"type": "http.response.body", "body": b"ok"})\n',
                '    await send({"type": "http.response.body", "body": b"a", "more_body": True})\n'
                "    await asyncio.sleep(0.3)\n"
                '    await send({"type": "http.response.body", "body": b"b"})\n'
                "    await asyncio.sleep(1.5)\n"
                '    if scope["path"] == "/background": raise KeyError("after the answer")\n',
            )
            + "request('/stream')\n"
            + "try: request('/background')\nexcept KeyError: pass\nelse: raise SystemExit('not raised')\n"
        )
        for event in found:
            self.assertGreaterEqual(event["duration_s"], 0.3)
            self.assertLess(event["duration_s"], 1.5)
            self.assertEqual((event["http.response.status_code"], event["severity_text"]), (200, "INFO"))
        (log,) = events(self.folder, "log")
        self.assertEqual((log["severity_text"], log["exception.type"]), ("ERROR", "KeyError"))

    @unittest.skipIf(flask is None, "Flask is not installed")
    def test_flask_routes_are_found(self) -> None:
        found = self.requests(
            """
            import flask
            from werkzeug.middleware.dispatcher import DispatcherMiddleware
            from werkzeug.test import Client
            from ds_monitoring import RequestLogging
            app = flask.Flask("api")
            app.get("/things/<int:number>", endpoint="thing")(lambda number: str(number))
            app.post("/echo", endpoint="echo")(lambda: flask.request.get_json())
            blueprint = flask.Blueprint("b", "api", url_prefix="/b")
            blueprint.get("/x/<name>", endpoint="x")(lambda name: name)
            app.register_blueprint(blueprint)
            client = Client(RequestLogging(DispatcherMiddleware(app, {"/v1": app}), service="api"))
            assert client.get("/things/5", buffered=True).data == b"5"
            assert client.post("/echo", json={"a": 1}, buffered=True).json == {"a": 1}
            assert client.post("/echo", json={"a": 2}, buffered=True).json == {"a": 2}
            assert client.get("/nothing", buffered=True).status_code == 404
            assert client.get("/v1/things/5", buffered=True).data == b"5"
            assert client.get("/v1/b/x/ann", buffered=True).data == b"ann"
            """
        )
        self.assertEqual(
            [event["http.route"] for event in found],
            [
                *("/things/<int:number>", "/echo", "/echo", "unmatched"),
                *("/v1/things/<int:number>", "/v1/b/x/<name>"),
            ],
        )
        self.assertEqual([event["http.response.status_code"] for event in found][:4], [200, 200, 200, 404])
        self.assertEqual(len({event["request.fingerprint"] for event in found}), 6)

    @unittest.skipIf(flask is None, "Flask is not installed")
    def test_a_flask_stream_keeps_its_prediction_and_ends_before_the_close(self) -> None:
        (event,) = self.requests(
            """
            import flask, time
            from werkzeug.test import Client
            from ds_monitoring import RequestLogging, prediction
            app = flask.Flask("api")
            @app.get("/stream")
            def stream():
                def parts():
                    yield "a"
                    time.sleep(0.3)
                    prediction("late", 0.2)
                    yield "b"
                answer = flask.Response(parts())
                answer.call_on_close(lambda: time.sleep(1.5))
                return answer
            client = Client(RequestLogging(app, service="api"))
            assert client.get("/stream", buffered=True).data == b"ab"
            """
        )
        self.assertEqual(event["prediction.class"], "late")
        self.assertGreaterEqual(event["duration_s"], 0.3)
        self.assertLess(event["duration_s"], 1.5)

    @unittest.skipIf(fastapi is None, "FastAPI is not installed")
    def test_fastapi_and_starlette_routes_are_found(self) -> None:
        found = self.requests(
            """
            import asyncio, fastapi, tempfile
            from starlette.applications import Starlette
            from starlette.responses import PlainTextResponse
            from starlette.routing import Mount, Route
            from starlette.staticfiles import StaticFiles
            from ds_monitoring import RequestLogging
            api = fastapi.FastAPI()
            @api.get("/things/{number}")
            def thing(number: int): return number
            router = fastapi.APIRouter(prefix="/r")
            @router.get("/items/{item}")
            def items(item: str): return item
            api.include_router(router, prefix="/api")
            sub = fastapi.FastAPI()
            @sub.get("/list/{x}")
            def listed(x: str): return x
            api.mount("/v1", sub)
            api.mount("/static", StaticFiles(directory=tempfile.mkdtemp()))
            async def shop(request): return PlainTextResponse("")
            plain = Starlette(routes=[Mount("/t/{tenant}", routes=[Route("/s/{a}", shop)])])
            @api.get("/boom")
            def boom(): raise ValueError("boom")
            async def get(app, path, root=""):
                async def receive(): return {"type": "http.request", "body": b"", "more_body": False}
                async def send(message): pass
                try:
                    await app({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [],
                               "http_version": "1.1", "scheme": "http", "root_path": root}, receive, send)
                except ValueError:
                    pass
            app = RequestLogging(api, service="api")
            for path in ("/things/5", "/nothing", "/api/r/items/7", "/v1/list/7", "/static/a.txt", "/docs", "/boom"):
                asyncio.run(get(app, path))
            asyncio.run(get(RequestLogging(plain, service="plain"), "/t/acme/s/1"))
            """
        )
        self.assertEqual(
            [event["http.route"] for event in found],
            [
                *("/things/{number}", "unmatched", "/api/r/items/{item}", "/v1/list/{x}"),
                *("/static/{path}", "/docs", "/boom", "/t/{tenant}/s/{a}"),
            ],
        )
        self.assertEqual((found[6]["http.response.status_code"], found[6]["exception.type"]), (500, "ValueError"))

    @unittest.skipIf(django is None, "Django is not installed")
    def test_django_routes_are_found(self) -> None:
        found = self.requests(
            """
            import io, sys, types
            from wsgiref.util import setup_testing_defaults
            import django
            from django.conf import settings
            from django.http import HttpResponse
            from django.urls import path
            urls = types.ModuleType("urls")
            urls.urlpatterns = [path("things/<int:number>/", lambda request, number: HttpResponse("ok"))]
            sys.modules["urls"] = urls
            settings.configure(ROOT_URLCONF="urls", ALLOWED_HOSTS=["*"], SECRET_KEY="-")
            django.setup()
            from django.core.wsgi import get_wsgi_application
            from ds_monitoring import RequestLogging
            app = RequestLogging(get_wsgi_application(), service="api")
            for place in ("/things/5/", "/nothing"):
                environ = {"PATH_INFO": place}
                setup_testing_defaults(environ)
                answer = app(environ, lambda *_: None)
                list(answer)
                answer.close()
            """
        )
        self.assertEqual([event["http.route"] for event in found], ["/things/<int:number>/", "unmatched"])


if __name__ == "__main__":
    unittest.main()
