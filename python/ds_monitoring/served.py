"""Reads the features that a model API has served back from InfluxDB."""

from __future__ import annotations

import base64
import json
import os
from typing import Any, Mapping, Optional

from .events import resource_attributes
from .features import PREFIX

#: Of more sampled predictions the newest are read.
MAX_ROWS = 50_000
TIMEOUT_S = 60


def served_features(
    service: str,
    *,
    model: Optional[str] = None,
    model_version: Optional[str] = None,
    hours: float = 24,
    environment: Optional[Mapping[str, str]] = None,
) -> dict[str, list[Any]]:
    """The features of the sampled predictions of the last `hours`: a column by name; None where one was missing.

    service: `service.name` of the API. model, model_version: only of those; default all.
    environment: default os.environ. INFLUXDB_URL is InfluxDB's base URL; INFLUXDB_USERNAME and INFLUXDB_PASSWORD are
        a login that may read the bucket `events`, or INFLUXDB_TOKEN is a token that may.
        `deployment.environment.name` of OTEL_RESOURCE_ATTRIBUTES limits the answer, where it is given.

    Raises KeyError that names the variable that is missing, OSError where InfluxDB does not answer or refuses
    (urllib's URLError and HTTPError), ValueError where it reports an error of the query.
    """
    variables = os.environ if environment is None else environment
    tags = {"service": service, "model": model, "model_version": model_version}
    conditions = [f'"{name}" = {_literal(value)}' for name, value in tags.items() if value is not None]
    deployment = resource_attributes(variables).get("deployment.environment.name")
    if deployment is not None:
        conditions.append(f'"environment" = {_literal(deployment)}')
    query = (
        f'SELECT /^(text\\.)?{PREFIX.replace(".", chr(92) + ".")}/ FROM "events"."ml.features" '
        f"WHERE {' AND '.join(conditions)} AND time > now() - {round(hours * 3600)}s "
        f"ORDER BY time DESC LIMIT {MAX_ROWS}"
    )
    return _columns(_answer(query, variables))


def _literal(text: str) -> str:
    """InfluxQL's text in quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def _answer(query: str, variables: Mapping[str, str]) -> Any:
    # 5 MB that model APIs never need.
    import urllib.parse
    import urllib.request

    url = variables["INFLUXDB_URL"].rstrip("/")
    token = variables.get("INFLUXDB_TOKEN")
    if token:
        authorization = f"Token {token}"
    else:
        login = f"{variables['INFLUXDB_USERNAME']}:{variables['INFLUXDB_PASSWORD']}"
        authorization = f"Basic {base64.b64encode(login.encode()).decode()}"
    parameters = urllib.parse.urlencode({"db": "monitoring", "q": query, "epoch": "ns"})
    request = urllib.request.Request(f"{url}/query?{parameters}", headers={"Authorization": authorization})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        answer = json.load(response)
    (result,) = answer["results"]
    if "error" in result:
        raise ValueError(f"InfluxDB: {result['error']}")
    return result


def _columns(result: Mapping[str, Any]) -> dict[str, list[Any]]:
    """One column for each feature; its numbers and its texts are two fields in InfluxDB."""
    found: dict[str, list[Any]] = {}
    for series in result.get("series", ()):
        for position, field in enumerate(series["columns"]):
            if field == "time":
                continue
            name = field[field.index(PREFIX) + len(PREFIX) :]
            values = [row[position] for row in series["values"]]
            before = found.get(name)
            found[name] = values if before is None else [b if b is not None else v for b, v in zip(before, values)]
    return found
