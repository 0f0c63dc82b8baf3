import type { BuiltInFormat } from "../../../contract/formats";

/** A record of a format and what it must become; `time` as ISO 8601 in milliseconds. */
export interface FormatSample {
  record: string;
  event?: "log" | "http.server.request";
  time?: string;
  /** Attributes that the event must have, among others. */
  has: Readonly<Record<string, string | number>>;
}

const python = 'Traceback (most recent call last):\n  File "a.py", line 1, in f';
const request = (method: string, route: string, status: number, duration?: number) => ({
  "http.request.method": method,
  "http.route": route,
  "http.response.status_code": status,
  ...(duration !== undefined && { duration_s: duration }),
});
const log = (severity: string | undefined, body: string, more: Record<string, string> = {}) => ({
  ...(severity !== undefined && { severity_text: severity }),
  body,
  ...more,
});
const at = "2024-03-07T10:15:32.000Z";
const atMs = "2024-03-07T10:15:32.123Z";

/** Lines that each format's programs print, from their documentation and from what they print by default. */
export const formatSamples: Readonly<Record<BuiltInFormat, readonly FormatSample[]>> = {
  logrus: [
    {
      record: "WARN[0003] slow answer duration=3",
      has: log("WARN", "slow answer", { "text.duration": "3" }),
    },
    { record: "INFO[2024-03-07T10:15:32Z] ready", time: at, has: log("INFO", "ready") },
  ],
  logfmt: [
    {
      record: 'ts=2024-03-07T10:15:32.123Z caller=main.go:1 level=warn err="disk is full"',
      time: atMs,
      has: { severity_text: "WARN", "text.err": "disk is full" },
    },
    {
      record: 'time="2024-03-07T10:15:32Z" level=warning msg="a \\"quoted\\" text" user=7',
      time: at,
      has: log("WARN", 'a "quoted" text', { "text.user": "7" }),
    },
    {
      record: "level=info ts=2024-03-07T10:15:32.123Z caller=m.go:1 msg=ready",
      time: atMs,
      has: log("INFO", "ready"),
    },
  ],
  uvicorn: [
    {
      record: 'INFO:     127.0.0.1:51824 - "GET /predict?x=1 HTTP/1.1" 200 OK',
      event: "http.server.request",
      has: request("GET", "/predict", 200),
    },
    {
      record: `INFO:     ::1:35892 - "GET /predict HTTP/1.1" 500 Internal Server Error\n${python}\nValueError: bad`,
      event: "http.server.request",
      has: { ...request("GET", "/predict", 500), "exception.type": "ValueError", "exception.message": "bad" },
    },
    {
      record: '2024-03-07 10:15:32.123 | INFO:     172.20.0.1:62066 - "OPTIONS /session HTTP/1.1" 200 OK',
      event: "http.server.request",
      time: atMs,
      has: request("OPTIONS", "/session", 200),
    },
    {
      record: "INFO:     Started server process [15903]",
      has: log("INFO", "Started server process [15903]"),
    },
    {
      record: "WARNING:  Invalid HTTP request received.",
      has: log("WARN", "Invalid HTTP request received."),
    },
  ],
  serving: [
    {
      record: '[GIN] 2024/03/07 - 10:15:32 | 200 |     12.5ms |       10.0.0.1 | POST     "/api/generate"',
      event: "http.server.request",
      time: at,
      has: request("POST", "/api/generate", 200, 0.0125),
    },
    {
      record: '[GIN] 2024/03/07 - 10:15:32 | 503 |   1.25s |   ::1 | GET     "/api/tags"',
      event: "http.server.request",
      time: at,
      has: request("GET", "/api/tags", 503, 1.25),
    },
    {
      record:
        '2024-03-07 10:15:32.123 1 uvicorn.access INFO:     10.0.0.7:35 1 - "POST /v1/models/churn HTTP/1.1" 200 OK',
      event: "http.server.request",
      time: atMs,
      has: request("POST", "/v1/models/churn", 200),
    },
    {
      record:
        '2024-03-07 10:15:32,123 [mlserver.rest] INFO - 127.0.0.1:51824 - "POST /v2/models/churn/infer HTTP/1.1" 200 OK',
      event: "http.server.request",
      time: atMs,
      has: request("POST", "/v2/models/churn/infer", 200),
    },
    {
      record:
        '2024-03-07T10:15:32,123 [INFO ] epollEventLoopGroup-3-2 ACCESS_LOG - /127.0.0.1:53514 "POST /predictions/churn HTTP/1.1" 503 35',
      event: "http.server.request",
      time: atMs,
      has: request("POST", "/predictions/churn", 503, 0.035),
    },
    {
      record:
        "2024-03-07T10:15:32+0000 [INFO] [api_server:iris:1] 127.0.0.1:52012 (scheme=http,method=GET,path=/docs.json,type=,length=) (status=200,type=application/json,length=879) 1.5ms (trace=ff2f,span=cb7b,sampled=1)",
      event: "http.server.request",
      time: at,
      has: request("GET", "/docs.json", 200, 0.0015),
    },
    {
      record: "INFO 2024-03-07 10:15:32,123 default_Model aKvQ replica.py:749 - POST /predict 200 12.5ms",
      event: "http.server.request",
      time: atMs,
      has: request("POST", "/predict", 200, 0.0125),
    },
    {
      record:
        "(ServeReplica:default:Model pid=7) INFO 2024-03-07 10:15:32,123 default_Model aKvQ 3b6c-11 /predict default -- POST 500 12.5ms",
      event: "http.server.request",
      time: atMs,
      has: request("POST", "/predict", 500, 0.0125),
    },
    {
      record:
        "[pid: 30|app: 0|req: 1/1] 10.0.0.7 () {42 vars in 675 bytes} [Thu Mar  7 10:15:32 2024] GET /predict?x=1 => generated 12 bytes in 5 msecs (HTTP/1.1 200) 2 headers in 79 bytes (1 switches on core 0)",
      event: "http.server.request",
      time: at,
      has: request("GET", "/predict", 200, 0.005),
    },
    {
      record:
        "[2024-03-07 10:15:32 +0000] - (sanic.access)[INFO][127.0.0.1:51824]: GET http://localhost:8000/predict  200 12",
      event: "http.server.request",
      time: at,
      has: request("GET", "/predict", 200),
    },
  ],
  nginx: [
    {
      record: "[Thu Mar 07 10:15:32.123456 2024] [mpm_event:notice] [pid 1:tid 2] AH00489: resuming",
      time: atMs,
      has: log("INFO", "[pid 1:tid 2] AH00489: resuming", { "log.logger": "mpm_event" }),
    },
    {
      record: "GET /predict 200 3.5 ms - 12",
      event: "http.server.request",
      has: request("GET", "/predict", 200, 0.0035),
    },
    {
      record:
        '10.0.0.7 - alice [07/Mar/2024:10:15:32 +0000] "POST /users/4711/orders HTTP/1.1" 503 12 "-" "curl/8.5" 0.120',
      event: "http.server.request",
      time: at,
      has: request("POST", "/users/{id}/orders", 503, 0.12),
    },
    {
      record: '127.0.0.1 - - [07/Mar/2024 10:15:32] "GET /predict?user=42 HTTP/1.1" 200 -',
      event: "http.server.request",
      time: at,
      has: request("GET", "/predict", 200),
    },
    {
      record:
        '10.0.0.7 - - [07/Mar/2024:10:15:32 +0000] "GET /predict HTTP/1.1" 502 157 "-" "curl/8.5" 120 0.005 [default-api-80] [] 10.1.0.5:8000 0 0.002 502 4f2a1c',
      event: "http.server.request",
      time: at,
      has: request("GET", "/predict", 502, 0.005),
    },
    {
      record:
        '10.0.0.7 - - [07/Mar/2024:10:15:32 +0000] "GET /predict HTTP/1.1" 200 12 "-" "curl/8.5" 0.005 0.004',
      event: "http.server.request",
      time: at,
      has: request("GET", "/predict", 200, 0.005),
    },
    {
      record: '10.0.0.7 - - [07/Mar/2024:10:15:32 +0000] "-" 408 0 "-" "-"',
      time: at,
      has: log(undefined, '"-" 408 0 "-" "-"'),
    },
    // hypercorn, Django's development server, nginx's own log
    {
      record: '127.0.0.1:5000 - - [07/Mar/2024:10:15:32 +0000] "GET /predict 1.1" 200 12 "-" "curl"',
      event: "http.server.request",
      time: at,
      has: request("GET", "/predict", 200),
    },
    {
      record: '[07/Mar/2024 10:15:32] "GET /admin HTTP/1.1" 200 4321',
      event: "http.server.request",
      time: at,
      has: request("GET", "/admin", 200),
    },
    {
      record: '2024/03/07 10:15:32 [error] 29#29: *1 open() "/x" failed, request: "GET /x HTTP/1.1"',
      time: at,
      has: log("ERROR", '*1 open() "/x" failed, request: "GET /x HTTP/1.1"'),
    },
  ],
  envoy: [
    {
      record:
        '[2024-03-07T10:15:32.123Z] "GET /predict HTTP/1.1" 200 - via_upstream - "-" 0 178 5 4 "-" "curl/8.5" "8b2c6a1e" "api.default" "10.1.0.5:8000"',
      event: "http.server.request",
      time: atMs,
      has: request("GET", "/predict", 200, 0.005),
    },
  ],
  loguru: [
    {
      record: "2024-03-07 10:15:32.123 | Level 25 | train:fit:5 - checkpoint",
      time: atMs,
      has: log("INFO", "checkpoint", { "log.logger": "train:fit:5" }),
    },
    {
      record: "2024-03-07 10:15:32 | INFO | fairseq.train | begin",
      time: at,
      has: log("INFO", "begin", { "log.logger": "fairseq.train" }),
    },
    {
      record: `2024-03-07 10:15:32.123 | ERROR    | app:run:12 - failed\nTraceback (most recent call last):\n\n> File "/a.py", line 12, in <module>\n    run()\n    └ <function run>\n\nTimeout: late`,
      time: atMs,
      has: log("ERROR", "failed", { "exception.type": "Timeout", "exception.message": "late" }),
    },
    {
      record: "2024-03-07 10:15:32.123 | SUCCESS  | __main__:<module>:12 - loguru a=1",
      time: atMs,
      has: log("INFO", "loguru a=1", { "log.logger": "__main__:<module>:12" }),
    },
  ],
  structlog: [
    {
      record: "2024-03-07T10:15:32.123456Z [warning  ] slow              rows=12 user=alice",
      time: atMs,
      has: log("WARN", "slow", { "text.rows": "12", "text.user": "alice" }),
    },
    // winston and Serilog
    { record: "2024-03-07T10:15:32.123Z [warn]: slow", time: atMs, has: log("WARN", "slow") },
    { record: "2024-03-07 10:15:32.123 +00:00 [INF] ready", time: atMs, has: log("INFO", "ready") },
    { record: "[10:15:32 FTL] gone", has: log("FATAL", "gone") },
  ],
  zerolog: [
    {
      record: '2024-03-07T10:15:32Z ERR failed error="x y" a=1',
      time: at,
      has: log("ERROR", "failed", { "text.error": "x y", "text.a": "1" }),
    },
    { record: "10:15AM INF ready", has: log("INFO", "ready") },
  ],
  gunicorn: [
    {
      record: "[2024-03-07 10:15:32 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:9)",
      time: at,
      has: log("FATAL", "WORKER TIMEOUT (pid:9)"),
    },
  ],
  airflow: [
    {
      record:
        "[2024-03-07T10:15:32.123+0000] {taskinstance.py:1138} INFO - Dependencies all met for <TaskInstance: d.t run_1 [queued]>",
      time: atMs,
      has: log("INFO", "Dependencies all met for <TaskInstance: d.t run_1 [queued]>", {
        "log.logger": "taskinstance.py:1138",
      }),
    },
  ],
  celery: [
    {
      record:
        "[2024-03-07 10:15:32,123: ERROR/ForkPoolWorker-1] Task app.add[8a2f] raised unexpected: ValueError()",
      time: atMs,
      has: log("ERROR", "Task app.add[8a2f] raised unexpected: ValueError()"),
    },
  ],
  ray: [
    {
      record: "2024-03-07 10:15:32,123\tINFO worker.py:1715 -- Started a local Ray instance.",
      time: atMs,
      has: log("INFO", "Started a local Ray instance."),
    },
    {
      record: "(raylet) [2024-03-07 10:15:32,123 E 12 12] node_manager.cc:3084: 1 Workers killed",
      time: atMs,
      has: log("ERROR", "1 Workers killed"),
    },
  ],
  mlflow: [
    {
      record: "2024/03/07 10:15:32 WARNING mlflow.utils: Encountered unexpected error",
      time: at,
      has: log("WARN", "Encountered unexpected error", { "log.logger": "mlflow.utils" }),
    },
  ],
  optuna: [
    {
      record: "[W 10:15:32.123 NotebookApp] No web browser found",
      has: log("WARN", "No web browser found", { "log.logger": "NotebookApp" }),
    },
    {
      record: "[I 2024-03-07 10:15:32,123] A new study created in memory with name: no-name",
      time: atMs,
      has: log("INFO", "A new study created in memory with name: no-name"),
    },
    {
      record: "[I 240307 10:15:32 web:2271] 200 GET /users/4711?x=1 (127.0.0.1) 12.5ms",
      event: "http.server.request",
      time: at,
      has: request("GET", "/users/{id}", 200, 0.0125),
    },
  ],
  klog: [
    {
      record: "W0000 00:00:1709806532.123456       1 gpu_device.cc:2344] no GPU libraries",
      time: atMs,
      has: log("WARN", "no GPU libraries", { "log.logger": "gpu_device.cc:2344" }),
    },
    {
      record: "I20240307 10:15:32.123456   123 file.cc:12] glog with the year",
      time: atMs,
      has: log("INFO", "glog with the year", { "log.logger": "file.cc:12" }),
    },
    { record: "[rank0]:[W ProcessGroupNCCL.cpp:1250] slow", has: log("WARN", "slow") },
    {
      record: "E0307 10:15:32.123456       1 reflector.go:138] failed to list",
      has: log("ERROR", "failed to list", { "log.logger": "reflector.go:138" }),
    },
  ],
  tensorflow: [
    {
      record:
        "2024-03-07 10:15:32.123456: W tensorflow/core/platform/cpu_feature_guard.cc:193] This TensorFlow binary is optimized",
      time: atMs,
      has: log("WARN", "This TensorFlow binary is optimized"),
    },
  ],
  python: [
    {
      record: `[2024-03-07 10:15:32,123] ERROR in app: Exception on /predict [GET]\n${python}\nValueError: bad`,
      time: atMs,
      has: log("ERROR", "Exception on /predict [GET]", {
        "log.logger": "app",
        "exception.type": "ValueError",
      }),
    },
    {
      record: "INFO:penguins.train:fitted in 3 s",
      has: log("INFO", "fitted in 3 s", { "log.logger": "penguins.train" }),
    },
    {
      record: "2024-03-07 10:15:32,123 [    INFO] root: padded bracket",
      time: atMs,
      has: log("INFO", "padded bracket"),
    },
    {
      record: "2024-03-07 10:15:32,123 - distributed.nanny - WARNING - Restarting worker",
      time: atMs,
      has: log("WARN", "Restarting worker"),
    },
    {
      record: "2024-03-07 10:15:32.123 1 root INFO [register_model():403] Registering model: churn",
      time: atMs,
      has: log("INFO", "Registering model: churn", { "log.logger": "root", "text.process": "1" }),
    },
    {
      record: "2024-03-07 10:15:32,123 [mlserver.parallel] DEBUG - Starting response processing loop...",
      time: atMs,
      has: log("DEBUG", "Starting response processing loop...", { "log.logger": "mlserver.parallel" }),
    },
    // Levels without a name belong to the one below.
    { record: "Level 25:train:checkpoint", has: log("INFO", "checkpoint", { "log.logger": "train" }) },
    { record: "NOTSET:train:never set", has: log("TRACE", "never set") },
    {
      record: "2024-03-07 10:15:32,123 Level 35 train: half way",
      time: atMs,
      has: log("WARN", "half way", { "log.logger": "train" }),
    },
    {
      record: "2024-03-07 10:15:32,123 - train - Level 5 - detail",
      time: atMs,
      has: log("TRACE", "detail"),
    },
    {
      record: `ERROR:root:failed\n${python}\nsubprocess.TimeoutExpired: Command x timed out`,
      has: log("ERROR", "failed", {
        "exception.type": "subprocess.TimeoutExpired",
        "exception.message": "Command x timed out",
      }),
    },
  ],
  log4j: [
    {
      record: "[2024-03-07T10:15:32,123][WARN ][o.e.c.Node] [node-1] slow",
      time: atMs,
      has: log("WARN", "[node-1] slow", { "log.logger": "o.e.c.Node" }),
    },
    {
      record: "[2024-03-07T10:15:32Z INFO  my_crate::module] ready",
      time: at,
      has: log("INFO", "ready", { "log.logger": "my_crate::module" }),
    },
    {
      record: "E, [2024-03-07T10:15:32.123456 #1] ERROR -- worker: failed",
      time: atMs,
      has: log("ERROR", "failed", { "log.logger": "worker" }),
    },
    {
      record: "24/03/07 10:15:32 WARN NativeCodeLoader: Unable to load native-hadoop library",
      time: at,
      has: log("WARN", "Unable to load native-hadoop library"),
    },
    {
      record: "2024-03-07 10:15:32,123 FATAL [main] x.Y - gone",
      time: atMs,
      has: log("FATAL", "gone", { "log.logger": "x.Y" }),
    },
    {
      record: "2024-03-07 10:15:32.123  INFO 1 --- [main] c.e.App : spring boot",
      time: atMs,
      has: log("INFO", "spring boot", { "log.logger": "c.e.App" }),
    },
    {
      record:
        "24/03/07 10:15:32 ERROR Executor: Exception in task 0.0\njava.lang.IllegalStateException: boom\n\tat A.b(A.scala:1)\n\t... 12 more\nCaused by: java.io.IOException: disk\n\tat x.Y.z(Y.java:1)",
      time: at,
      has: log("ERROR", "Exception in task 0.0", {
        "exception.type": "java.lang.IllegalStateException",
        "exception.message": "boom",
      }),
    },
  ],
  boosting: [
    {
      record: "[10:15:32] WARNING: ../src/learner.cc:1115: Starting in XGBoost 1.3.0",
      has: log("WARN", "Starting in XGBoost 1.3.0"),
    },
    {
      record: "[LightGBM] [Warning] No further splits with positive gain",
      has: log("WARN", "No further splits with positive gain"),
    },
  ],
  lightning: [
    ...[
      "[0]\ttrain-rmse:0.50000\teval-rmse:0.60000",
      "[10]\tvalid_0's l2: 0.25",
      "0:\tlearn: 0.6931\ttest: 0.69\tbest: 0.69 (0)\ttotal: 3ms\tremaining: 3s",
      "[Parallel(n_jobs=1)]: Done   1 out of   1 | elapsed:    0.1s remaining:    0.0s",
      "[CV 1/5] END ................C=1, kernel=rbf;, score=0.967 total time=   0.0s",
    ].map((record) => ({ record, has: log("INFO", record) })),
    {
      record: "host-1:123:456 [0] init.cc:1270 NCCL WARN Duplicate GPU detected",
      has: log("WARN", "Duplicate GPU detected", { "log.logger": "init.cc:1270" }),
    },
    {
      record: "{'loss': 0.5, 'learning_rate': 1e-05, 'epoch': 1.0}",
      has: log("INFO", "{'loss': 0.5, 'learning_rate': 1e-05, 'epoch': 1.0}"),
    },
    {
      record: "***** Running training *****\n  Num examples = 10",
      has: log("INFO", "***** Running training *****\n  Num examples = 10"),
    },
    {
      record: "GPU available: True (cuda), used: True",
      has: log("INFO", "GPU available: True (cuda), used: True"),
    },
    { record: "Epoch 1/10", has: log("INFO", "Epoch 1/10") },
  ],
  warnings: [
    {
      record: "<frozen runpy>:128: RuntimeWarning: 'a' found in sys.modules",
      has: log("WARN", "'a' found in sys.modules", { "log.logger": "<frozen runpy>:128" }),
    },
    {
      record: "/usr/lib/base.py:348: UserWarning: X has feature names\n  warnings.warn(",
      has: log("WARN", "X has feature names\n  warnings.warn(", { "text.category": "UserWarning" }),
    },
  ],
  traceback: [
    {
      record: `Exception in thread Thread-1 (f):\n${python}\nValueError: bad`,
      has: log("ERROR", "Exception in thread Thread-1 (f):", {
        "exception.type": "ValueError",
        "exception.message": "bad",
      }),
    },
    {
      record: `multiprocessing.pool.RemoteTraceback: \n"""\n${python}\nValueError: bad\n"""\n\nThe above exception was the direct cause of the following exception:\n\n${python}\nValueError: bad`,
      has: log("ERROR", "multiprocessing.pool.RemoteTraceback: ", {
        "exception.type": "ValueError",
        "exception.message": "bad",
      }),
    },
    {
      record: '  File "a.py", line 1\n    x = = 1\n        ^\nSyntaxError: invalid syntax',
      has: log("ERROR", '  File "a.py", line 1', {
        "exception.type": "SyntaxError",
        "exception.message": "invalid syntax",
      }),
    },
    {
      record:
        'Fatal Python error: Segmentation fault\n\nCurrent thread 0x00007f (most recent call first):\n  File "a.py", line 1 in f',
      has: log("ERROR", "Fatal Python error: Segmentation fault", { "exception.type": "Fatal Python error" }),
    },
    {
      record: "RuntimeError: CUDA error",
      has: log("ERROR", "RuntimeError: CUDA error", { "exception.type": "RuntimeError" }),
    },
    { record: "Killed", has: log("ERROR", "Killed") },
    // Node.js, .NET, Go, Rust
    {
      record: "TypeError: no property\n    at f (/app/a.js:1:1)",
      has: log("ERROR", "TypeError: no property", { "exception.type": "TypeError" }),
    },
    {
      record: "Unhandled exception. System.InvalidOperationException: bad\n   at A.B() in /a.cs:line 3",
      has: log("ERROR", "System.InvalidOperationException: bad", {
        "exception.type": "System.InvalidOperationException",
      }),
    },
    {
      record:
        "panic: index out of range\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:9 +0x1d\nexit status 2",
      has: log("ERROR", "panic: index out of range", { "exception.type": "panic" }),
    },
    {
      record: "thread 'main' panicked at src/main.rs:4:5:\nindex out of bounds\nnote: run with a variable",
      has: log("ERROR", "panic: src/main.rs:4:5:", { "exception.type": "panic" }),
    },
    // A message of several lines, as SQLAlchemy's
    {
      record: `${python}\nValueError: first\n[SQL: SELECT 1]\n(Background on this error at: a page)`,
      has: log("ERROR", "ValueError: first\n[SQL: SELECT 1]\n(Background on this error at: a page)", {
        "exception.type": "ValueError",
      }),
    },
    {
      record: `${python}\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\n${python}\nrequests.exceptions.ConnectTimeout: two`,
      has: log("ERROR", "requests.exceptions.ConnectTimeout: two", {
        "exception.type": "requests.exceptions.ConnectTimeout",
      }),
    },
    {
      record:
        '  + Exception Group Traceback (most recent call last):\n  |   File "a.py", line 1\n  | ExceptionGroup: many (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | ValueError: 1\n    +------------------------------------',
      has: log("ERROR", "ExceptionGroup: many (2 sub-exceptions)", { "exception.type": "ExceptionGroup" }),
    },
  ],
  progress: [
    {
      record: "[Stage 0:=======>                                  (2 + 8) / 8]",
      has: log("INFO", "[Stage 0:=======>                                  (2 + 8) / 8]"),
    },
    {
      record:
        "\x1b[1m5/10\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m5s\x1b[0m 1s/step - loss: 0.5",
      has: log("INFO", "5/10 ━━━━━━━━━━━━━━━━━━━━ 5s 1s/step - loss: 0.5"),
    },
    { record: "12it [00:05, 1.0it/s]", has: log("INFO", "12it [00:05, 1.0it/s]") },
    {
      record: "100%|##########| 10/10 [00:10<00:00]",
      has: log("INFO", "100%|##########| 10/10 [00:10<00:00]"),
    },
    {
      record: "10/10 [==============================] - 1s 5ms/step - loss: 0.5",
      has: log("INFO", "10/10 [==============================] - 1s 5ms/step - loss: 0.5"),
    },
  ],
  syslog: [
    {
      record: "<34>1 2024-03-07T10:15:32.123Z host app 1 ID47 - rfc5424",
      time: atMs,
      has: log(undefined, "rfc5424", { "log.logger": "app" }),
    },
    {
      record: "Mar  7 10:15:32 host app[12]: rfc3164",
      has: log(undefined, "rfc3164", { "log.logger": "app" }),
    },
  ],
  general: [
    { record: "1709806532.123456 INFO ready", time: atMs, has: log("INFO", "ready") },
    {
      record: "[2024/03/07 10:15:32] [ warn] [tail:tail.0] file is gone",
      time: at,
      has: log("WARN", "[tail:tail.0] file is gone"),
    },
    ...[
      "[2024-03-07 10:15:32,123][__main__][INFO] - epoch done",
      "[2024-03-07 10:15:32,123] [__main__] [info] epoch done",
      "2024-03-07T10:15:32.123Z (__main__) INFO: epoch done",
    ].map((record) => ({ record, time: atMs, has: log("INFO", "epoch done", { "log.logger": "__main__" }) })),
    ...[
      "2024-03-07 10:15:32,123 - ERROR - no data",
      "2024-03-07 10:15:32,123 | ERROR | no data",
      "[2024-03-07 10:15:32.123] [error] no data",
      "ERROR 2024-03-07 10:15:32,123 no data",
      "[ERROR] 2024-03-07T10:15:32.123Z no data",
    ].map((record) => ({ record, time: atMs, has: log("ERROR", "no data") })),
    ...[
      "10:15:32.123 [main] WARN  no data",
      "[03/07/24 10:15:32] WARNING  no data",
      "[WARNING] no data",
      "WARN - no data",
      "WARNING no data",
    ].map((record) => ({ record, has: log("WARN", "no data") })),
    {
      record: "[INFO|trainer.py:1700] 2024-03-07 10:15:32,123 >> ***** Running training *****",
      time: atMs,
      has: log("INFO", "***** Running training *****", { "log.logger": "trainer.py:1700" }),
    },
    {
      record: "(EngineCore pid=12) INFO 11-07 10:15:32 [core.py:1] ready",
      time: "2026-11-07T10:15:32.000Z",
      has: log("INFO", "[core.py:1] ready"),
    },
    {
      record:
        "10:15:32.123 [main] ERROR c.e.App - failed\njava.lang.RuntimeException: x\n\tat a.B.c(B.java:1)\nCaused by: a.b.Failure: y\n\t... 3 more",
      has: log("ERROR", "c.e.App - failed", {
        "exception.type": "java.lang.RuntimeException",
        "exception.message": "x",
      }),
    },
  ],
};
