"""One `http.server.request` event for each request, for WSGI and ASGI applications.

The event has the route's template, never the path, which would be a new series for each id in it.
"""

from __future__ import annotations

import inspect
from typing import Any, Callable, Iterable, Mapping, Optional

from .asgi import AsgiLogging
from .features import MAX_FEATURES, FeatureSampler, ProfileSource
from .request import Recorder, Version
from .wsgi import WsgiLogging


def RequestLogging(
    app: Any,
    *,
    service: Optional[str] = None,
    model: Optional[str] = None,
    model_version: Version = None,
    user_header: str = "X-User-Id",
    route: Optional[Callable[[Mapping[str, Any]], Optional[str]]] = None,
    ignored_routes: Iterable[str] = ("/health", "/healthz", "/livez", "/readyz"),
    key: Optional[str] = None,
    feature_rate: float = 0.1,
    max_features: int = MAX_FEATURES,
    profile: ProfileSource = None,
) -> Any:
    """Wrap a WSGI or ASGI application: `app = RequestLogging(app, service="churn-api", model="churn")`.

    service: `service.name`; default OTEL_SERVICE_NAME.
    model_version: a text, or a function that returns the version that is served now.
    user_header: the request header that names the user. It is written as a keyed hash only.
    route: returns the template of the matched route from the WSGI environ or ASGI scope; default: those of
        Flask (Werkzeug), Starlette, FastAPI and Django with the prefixes of mounted applications, else `unmatched`.
    ignored_routes: requests that are not counted, by template or path; default those of probes, `/health`,
        `/healthz`, `/livez` and `/readyz`.
    A request that passes several of these is counted once, by the outermost.
    key: key of the hashes; default PSEUDONYM_KEY of the environment, the same in all replicas or the unique
        counts are wrong. Without a key neither users nor fingerprints are written, and that is reported.
    feature_rate: share, 0 to 1, of the predictions whose `features` are written.
    max_features: at most so many features are written; default 50.
    profile: the reference profile of the model's training, its path, or a function that returns either, or None
        while there is none. With one, its features are written; categories that it does not know are `_other`.
        Without one, only numbers are.
    """
    sampler = FeatureSampler(feature_rate, max_features, profile)
    record = Recorder(service, model, model_version, user_header, route, ignored_routes, key, sampler)
    is_asgi = inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))
    return AsgiLogging(app, record) if is_asgi else WsgiLogging(app, record)
