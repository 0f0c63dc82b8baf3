"""Finds the template of a request's route: `/users/{id}`, never `/users/4711`."""

from __future__ import annotations

import functools
import inspect
import re
import sys
from typing import Any, Mapping, NamedTuple, Optional

#: Route of requests that no route of the application matches.
UNMATCHED = "unmatched"

_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")


class Place(NamedTuple):
    """Where a request entered the application, before routers and mounts change it."""

    path: str
    #: SCRIPT_NAME of WSGI or root_path of ASGI: what a proxy or server has cut off or put in front.
    prefix: str


def find_route(place: Place, mapping: Mapping[str, Any]) -> Optional[str]:
    """The template as Flask, Starlette, FastAPI or Django know it, with the prefixes of mounts; else None.

    mapping: the WSGI environ or ASGI scope when the answer begins.
    """
    rule = getattr(getattr(mapping.get("werkzeug.request"), "url_rule", None), "rule", None)
    if rule is not None:
        mounted = str(mapping.get("SCRIPT_NAME", ""))
        return (mounted[len(place.prefix) :] if mounted.startswith(place.prefix) else "") + str(rule)
    if "endpoint" in mapping and "path_params" in mapping:
        return _starlette_route(place, mapping)
    return _django_route(place)


def _starlette_route(place: Place, scope: Mapping[str, Any]) -> Optional[str]:
    """Starlette and FastAPI leave the innermost route only: what is before it in the path are mounts and prefixes."""
    path = place.path
    if place.prefix and path.startswith(place.prefix):
        path = path[len(place.prefix) :]
    parameters: Mapping[str, Any] = scope.get("path_params") or {}
    mounted = str(scope.get("root_path", ""))[len(place.prefix) :]
    endpoint = scope["endpoint"]
    if not (inspect.isroutine(endpoint) or inspect.isclass(endpoint) or isinstance(endpoint, functools.partial)):
        # A mounted application that is no router, such as static files.
        return _with_names(mounted, parameters) + "/{path}"
    inner = getattr(scope.get("route"), "path", None)
    if inner is None:
        # Older Starlette, and FastAPI's pages of documentation: the values of the parameters are in the path.
        template = _with_names(path, parameters)
        return template if all(f"{{{name}}}" in template for name in parameters) else None
    match = re.fullmatch(f"(.*?){_pattern(inner)}", path, re.DOTALL)
    before = match.group(1) if match is not None else mounted
    return _with_names(before, parameters) + str(inner)


def _pattern(template: str) -> str:
    """A regular expression of the paths that a template of Starlette matches."""
    parts, end = [], 0
    for parameter in _PARAMETER.finditer(template):
        parts.append(re.escape(template[end : parameter.start()]))
        parts.append(".*" if parameter.group(2) == "path" else "[^/]+")
        end = parameter.end()
    return "".join([*parts, re.escape(template[end:])])


def _with_names(prefix: str, parameters: Mapping[str, Any]) -> str:
    """A prefix in which the values of parameters, as of `/tenants/{tenant}`, are names again."""
    names = {str(value): name for name, value in parameters.items()}
    return "/".join(f"{{{names[part]}}}" if part in names else part for part in prefix.split("/"))


def _django_route(place: Place) -> Optional[str]:
    """Django tells neither environ nor scope; its resolver knows."""
    urls = sys.modules.get("django.urls")
    if urls is None:
        return None
    try:
        return "/" + str(urls.resolve(place.path).route)
    except Exception:  # no route, or Django is imported and not set up
        return None
