"""An app with OpenTelemetry's SDK alone: spans of a server, log records, and metrics. It prints what it sent, as JSON."""

import json
import logging
import time

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# Resource and address come from OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_ENDPOINT.
tracing = TracerProvider()
tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = tracing.get_tracer("app")

MILLISECOND = 1_000_000
START = (time.time_ns() - 300_000 * MILLISECOND) // MILLISECOND * MILLISECOND
for index in range(20):
    attributes = {
        "http.request.method": "POST",
        "http.route": "/predict",
        "http.response.status_code": 500 if index % 5 == 0 else 200,
        "url.path": f"/predict?user={index}",
        "ml.model.name": "churn",
        "ml.model.version": "1.4.0",
        "prediction.class": "stays",
        "prediction.score": 0.25,
    }
    begin = START + index * 1000 * MILLISECOND
    span = tracer.start_span("POST /predict", kind=trace.SpanKind.SERVER, attributes=attributes, start_time=begin)
    with trace.use_span(span, end_on_exit=False):
        inner = tracer.start_span("query", start_time=begin)
        inner.end(end_time=begin + MILLISECOND)
    span.end(end_time=begin + (index + 1) * 10 * MILLISECOND)
# The conventions before 1.23.
old = {"http.method": "GET", "http.route": "/old", "http.status_code": 404}
tracer.start_span("GET", kind=trace.SpanKind.SERVER, attributes=old, start_time=START).end(end_time=START + MILLISECOND)

logs = LoggerProvider()
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
logger = logging.getLogger("app")
logger.addHandler(LoggingHandler(logger_provider=logs))
logger.setLevel(logging.DEBUG)
logger.warning("stock is low", extra={"stock": 3, "warehouse": "north"})
try:
    1 / 0
except ZeroDivisionError:
    with tracer.start_as_current_span("answer"):
        logger.exception("no result")
tracing.shutdown()
end = {
    "event.name": "pipeline.run.end",
    "cicd.pipeline.name": "nightly",
    "cicd.pipeline.run.id": "nightly-1",
    "cicd.pipeline.result": "failure",
    "duration_s": 12.5,
}
logger.error("the run failed", extra=end)
logger.info("sold", extra={"event.name": "shop.sale", "amount": 12, "currency": "EUR"})
logger.info("not an event", extra={"event.name": "Kubernetes Problem"})
logger.info("of the platform", extra={"event.name": "http_response", "result_code": 1})
logs.shutdown()

metrics = MeterProvider(metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())])
meter = metrics.get_meter("app")
meter.create_counter("items").add(7, {"kind": "a"})
histogram = meter.create_histogram("batch_size")
for size in [1, 2, 300]:
    histogram.record(size)
meter.create_counter("kubernetes_problem").add(1)
metrics.shutdown()

print(json.dumps({"requests": 20, "start": START}))
