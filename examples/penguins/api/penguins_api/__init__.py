"""Serves the approved model: POST /predict, GET /healthz, GET /livez."""

from __future__ import annotations

import logging
import math
import os
from pathlib import Path
from typing import Any

from ds_monitoring import EventHandler, RequestLogging, prediction
from flask import Flask, jsonify, request

from .model import FEATURES, ModelStore, NoModel

SERVICE = "penguins-api"
MODEL = "penguins"
#: A request is four numbers; more is a mistake or an attack.
MAX_BODY_BYTES = 16 * 1024


class BadRequest(ValueError):
    """What is wrong with a request, and how to mend it."""


def measurements(body: Any) -> list[float]:
    """The features of a request's JSON body, in the model's order. Raises BadRequest."""
    if not isinstance(body, dict):
        raise BadRequest(f"the body must be a JSON object with the keys {', '.join(FEATURES)}")
    values = []
    for feature in FEATURES:
        value = body.get(feature)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise BadRequest(f'{feature}: must be a number, in JSON: {{"{feature}": 39.1, ...}}')
        values.append(float(value))
    return values


def create_app() -> Flask:
    """The WSGI application; gunicorn calls this in each worker. Reads approved models from MODEL_DIR."""
    logging.basicConfig(level=logging.INFO, handlers=[EventHandler()])
    directory = os.environ.get("MODEL_DIR")
    if not directory:
        raise SystemExit("MODEL_DIR is not set: the folder that the pipeline publishes models in")
    store = ModelStore(Path(directory))
    try:
        store.version()  # loaded now, so that the first request does not wait for it
    except NoModel as error:
        logging.getLogger(__name__).warning("%s", error)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES

    @app.post("/predict")
    def predict() -> Any:
        values = measurements(request.get_json(force=True, silent=True))
        answer = store.predict(values)
        prediction(answer.species, answer.probability, features=dict(zip(FEATURES, values)))
        return jsonify(species=answer.species, probability=answer.probability, model_version=answer.version)

    @app.get("/healthz")
    def health() -> Any:
        return jsonify(status="ok", model_version=store.version())

    @app.get("/livez")
    def live() -> Any:
        return jsonify(status="ok")

    @app.errorhandler(BadRequest)
    def bad_request(error: BadRequest) -> Any:
        return jsonify(error=str(error)), 400

    @app.errorhandler(NoModel)
    def no_model(error: NoModel) -> Any:
        return jsonify(error=str(error)), 503

    app.wsgi_app = RequestLogging(  # type: ignore[method-assign]
        app.wsgi_app,
        service=SERVICE,
        model=MODEL,
        model_version=store.loaded_version,
        # Few requests: all of them are compared with the training.
        feature_rate=1,
        profile=store.loaded_profile,
    )
    return app
