/** A format that comes with the platform. */
export type BuiltInFormat =
  | "logrus"
  | "logfmt"
  | "python"
  | "warnings"
  | "traceback"
  | "progress"
  | "mlflow"
  | "optuna"
  | "loguru"
  | "structlog"
  | "zerolog"
  | "gunicorn"
  | "uvicorn"
  | "serving"
  | "nginx"
  | "envoy"
  | "klog"
  | "tensorflow"
  | "log4j"
  | "airflow"
  | "celery"
  | "ray"
  | "boosting"
  | "lightning"
  | "syslog"
  | "general";

/** A text format: its expressions, in the order in which they are tried. */
export interface TextFormat {
  regexps: readonly string[];
  /** Severity of lines that name none. */
  severity?: string;
  /** The groups are `pairs` of `key=value`, read as the keys of a JSON object are. */
  pairs?: boolean;
}

const date = "\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d";
const zone = "(?: ?(?:Z|UTC|[+-]\\d\\d:?\\d\\d))?";
const time = `(?<time>${date}(?:[.,:]\\d+)?${zone})`;
/** Also with slashes, and as a number of seconds or milliseconds. */
const anyTime = `(?<time>${date.replaceAll("-", "[-/]")}(?:[.,:]\\d+)?${zone}|\\d{10}\\.\\d{3,9}|\\d{13})`;
const level =
  "(?<level>TRACE|DEBUG|INFO|NOTICE|SUCCESS|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE|trace|debug|info|notice|warn|warning|error|critical|fatal|exception)";
/** Of Python's logging; `Level 25` is one without a name. */
const pythonLevels = "NOTSET|DEBUG|INFO|WARNING|ERROR|CRITICAL|Level \\d{1,2}";
const pythonLevel = `(?<level>${pythonLevels})`;
const rest = "(?<body>[\\s\\S]*)";
const between = "[ \\t|,;:-]*";
/** A level as its own word, in brackets or not, and what separates it from the text. */
const levelWord = `(?:[[(<] {0,8})?${level}(?![A-Za-z0-9_])[ \\t]*[\\])>]?${between}`;
const bracketed = `(?:[[(](?<logger>[^\\])\\n]{0,200})[\\])]${between})?`;
const method = "(?<method>[A-Z]{3,10})";
const status = "(?<status>\\d{3})";
const quoted = '"(?:[^"\\\\]|\\\\[\\s\\S])*"';
/** What follows the line of a request: a traceback, mostly. */
const more = "(?:\\n(?<more>[\\s\\S]*))?$";
const address = "(?:\\S+|\\('[^']*', \\d+\\))";

/**
 * The text formats that are understood, the special ones first: `auto` tries them in this order. The expressions are for
 * both parsers, see `portableRegexp`; `$` is the end of the record.
 *
 * Groups: `time`, `level`, `logger`, `body`, `attributes` (`key=value` pairs), `text` (a body with such pairs at its
 * end), and for access lines `method`, `path`, `status`, `duration` in seconds, `duration_ms`, `more` (further lines).
 */
export const textFormats: Readonly<Record<BuiltInFormat, TextFormat>> = {
  /** logrus: `INFO[2021-01-06T17:44:13.368-08:00] message key=value`, `WARN[0003] …` */
  logrus: {
    regexps: [
      "^(?<level>TRAC|TRACE|DEBU|DEBUG|INFO|WARN|WARNING|ERRO|ERROR|FATA|FATAL|PANI|PANIC)\\[(?:\\d{1,9}|(?<time>[^\\]]+))\\]\\s*(?<text>[\\s\\S]*)$",
    ],
  },
  /** logfmt, as of logrus, go-kit, slog, Prometheus: `time=… level=info msg="message" key=value` */
  logfmt: {
    pairs: true,
    regexps: [
      '^(?=(?:[\\s\\S]*\\s)?(?:level|lvl)=)(?=(?:[\\s\\S]*\\s)?msg=|(?:ts|time|t|level|lvl|caller)=)(?<pairs>[A-Za-z_][\\w.@-]*=(?:"(?:[^"\\\\]|\\\\[\\s\\S])*"|[^\\s"]*)(?:\\s[\\s\\S]*)?)$',
    ],
  },
  /** uvicorn: `INFO:     127.0.0.1:51824 - "GET /predict HTTP/1.1" 200 OK`, and its own lines; also behind a time. */
  uvicorn: {
    regexps: [
      `^(?:(?:${time}|\\S+ \\S+)(?: \\|| -)? )?\\[?(?:INFO)\\]?:?\\s+${address} - "${method} (?<path>[^"]*) HTTP/[\\d.]+" ${status}(?: [^\\n]*)?${more}`,
      `^(?:${time}(?: \\|| -)? )?(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL): {1,8}${rest}$`,
      // hypercorn and daphne: address GET path version status bytes microseconds
      `^${address} ${method} (?<path>/\\S*) [\\d.]+ ${status} \\S+ \\d+${more}`,
    ],
  },
  /** Requests of KServe, MLServer, TorchServe, BentoML's API servers, the replicas of Ray Serve, Ollama, uWSGI and Sanic. */
  serving: {
    regexps: [
      `^${time} (?:\\d+ [\\w.]+ INFO: +|\\[[\\w.]+\\] INFO - )${address}(?: \\d+)? - "${method} (?<path>[^"]*) HTTP/[\\d.]+" ${status}(?: [^\\n]*)?${more}`,
      `^(?:${time} \\[[A-Z]+ *\\] )?\\S+ ACCESS_LOG - \\S+ "${method} (?<path>\\S+) HTTP/[\\d.]+" ${status} (?<duration_ms>\\d+)${more}`,
      `^${time} \\[[A-Z]+\\] \\[[^\\]\\n]*\\] \\S+:\\d+ \\(scheme=\\w*,method=${method},path=(?<path>[^,)\\n]*),[^)\\n]*\\) \\(status=${status}[^)\\n]*\\) (?<duration_ms>\\d+(?:\\.\\d+)?)ms(?: [^\\n]*)?${more}`,
      // Its proxy has a line for the same request
      `^(?:\\([^)\\n]{0,200}\\) )?[A-Z]+ ${time} (?!\\S*proxy )(?:\\S+ ){2,6}--? ${method} (?<path>/\\S*) ${status} (?<duration_ms>\\d+(?:\\.\\d+)?)ms${more}`,
      `^(?:\\([^)\\n]{0,200}\\) )?[A-Z]+ ${time} (?!\\S*proxy )\\S+ \\S+ \\S+ (?<path>/\\S*) (?:\\S+ )?--? ${method} ${status} (?<duration_ms>\\d+(?:\\.\\d+)?)ms${more}`,
      `^\\[pid: \\d+\\|app: [^|\\]\\n]*\\|req: [^\\]\\n]*\\] \\S+ \\([^)\\n]*\\) \\{[^}\\n]*\\} \\[(?<time>[^\\]\\n]+)\\] ${method} (?<path>\\S+) => generated \\d+ bytes in (?<duration_ms>\\d+) msecs (?:via sendfile\\(\\) )?\\(HTTP/[\\d.]+ ${status}\\)(?: [^\\n]*)?${more}`,
      `^\\[${time}\\] - \\(sanic\\.access\\)\\[[A-Z]+\\]\\[[^\\]\\n]*\\]: ${method} (?<path>\\S+) {1,2}${status} \\S+${more}`,
      // Gin, as Ollama has it
      `^\\[GIN\\] (?<time>\\d{4}/\\d\\d/\\d\\d - \\d\\d:\\d\\d:\\d\\d) \\| *${status} \\| *(?:(?<duration_ms>\\d+(?:\\.\\d+)?)ms|(?<duration>\\d+(?:\\.\\d+)?)s|[^|\\n]*) *\\| *\\S+ *\\| *${method} +"(?<path>[^"\\n]*)"${more}`,
    ],
  },
  /**
   * nginx, Apache, gunicorn, werkzeug: common and combined format, and ingress-nginx's; a last number with a decimal point
   * (`$request_time`) or `rt=` is the duration in seconds.
   */
  nginx: {
    regexps: [
      `^\\S+ \\S+ [^\\[\\n]*\\[(?<time>[^\\]]+)\\] "${method} (?<path>[^"\\s]+)(?: (?:HTTP/)?[\\d.]+)?" ${status} \\S+ ${quoted} ${quoted} \\d+ (?<duration>\\d+\\.\\d+) \\[[^\\]]*\\] [^\\n]*${more}`,
      `^\\S+ \\S+ [^\\[\\n]*\\[(?<time>[^\\]]+)\\] "${method} (?<path>[^"\\s]+)(?: (?:HTTP/)?[\\d.]+)?" ${status}(?: [\\d-]+)?(?: ${quoted}){0,2}(?: "[^"]*")?(?: (?:rt=)?(?<duration>\\d+\\.\\d+))?(?: [^\\n]*)?${more}`,
      // Django's development server
      `^\\[(?<time>\\d\\d/[A-Z][a-z]{2}/\\d{4} \\d\\d:\\d\\d:\\d\\d)\\] "${method} (?<path>[^"\\s]+)(?: HTTP/[\\d.]+)?" ${status} \\d+${more}`,
      // nginx's own log
      `^(?<time>\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d) \\[(?<level>[a-z]+)\\] (?<process>\\d+)#\\d+: ${rest}$`,
      // Apache's own log
      `^\\[(?<time>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)? \\d{4})\\] \\[(?:(?<logger>\\w*):)?(?<level>[a-z]+)\\d?\\] ${rest}$`,
      // Express' morgan
      `^${method} (?<path>/\\S*) ${status} (?<duration_ms>\\d+(?:\\.\\d+)?) ms - (?:\\d+|-)${more}`,
      // What was no request: nothing, or TLS where HTTP is spoken
      `^\\S+ \\S+ [^\\[\\n]*\\[(?<time>[^\\]]+)\\] (?<body>${quoted} \\d{3} \\S+(?: [\\s\\S]*)?)$`,
    ],
  },
  /** Envoy and Istio: their default format; the duration is in milliseconds. */
  envoy: {
    regexps: [
      `^\\[(?<time>[^\\]]+)\\] "${method} (?<path>[^"\\s]+) HTTP/[\\d.]+" ${status} \\S+ (?:[^"\\n]*? - )?"[^"]*" \\d+ \\d+ (?<duration_ms>\\d+) [^\\n]*${more}`,
      `^\\[(?<time>[^\\]]+)\\] (?<body>"- - -" \\d+ [\\s\\S]*)$`,
    ],
  },
  /** loguru: `2024-03-07 10:15:32.123 | INFO     | module:function:12 - message` */
  loguru: {
    regexps: [
      `^${time} \\| (?<level>[A-Z]+|Level \\d{1,2}) *\\| (?<logger>\\S+) - ${rest}$`,
      // fairseq and others that separate by bars
      `^${time} \\| (?<level>[A-Z]+) *\\| (?<logger>[^|\\s]+) *\\| ${rest}$`,
    ],
  },
  /** structlog's console: `2024-03-07T10:15:32Z [info     ] message   key=value`; winston has a colon, Serilog `[INF]` */
  structlog: {
    regexps: [
      `^${time} \\[(?<level>[a-z]+|TRC|DBG|VRB|INF|WRN|ERR|FTL) *\\]:? (?<text>[\\s\\S]*)$`,
      `^\\[\\d\\d:\\d\\d:\\d\\d (?<level>VRB|DBG|INF|WRN|ERR|FTL)\\] ${rest}$`,
    ],
  },
  /** zerolog's console: `2024-03-07T10:15:32Z INF message key=value`, `10:15AM INF message` */
  zerolog: {
    regexps: [
      `^(?:${time}|\\d{1,2}:\\d\\d(?:AM|PM)) (?<level>TRC|DBG|INF|WRN|ERR|FTL|PNC) (?<text>[\\s\\S]*)$`,
    ],
  },
  /** gunicorn: `[2024-03-07 10:15:32 +0000] [7] [INFO] message` */
  gunicorn: {
    regexps: [`^\\[${time}\\] \\[(?<process>\\d+)\\] \\[(?<level>[A-Z]+)\\] ${rest}$`],
  },
  /** Airflow: `[2024-03-07T10:15:32.123+0000] {taskinstance.py:1138} INFO - message` */
  airflow: {
    regexps: [`^\\[${time}\\] \\{(?<logger>[^}]+)\\} (?<level>[A-Z]+) - ${rest}$`],
  },
  /** Celery: `[2024-03-07 10:15:32,123: INFO/MainProcess] message` */
  celery: {
    regexps: [`^\\[(?<time>${date}(?:,\\d+)?): (?<level>[A-Z]+)/(?<logger>[^\\]]+)\\] ${rest}$`],
  },
  /** Ray: `2024-03-07 10:15:32,123⇥INFO worker.py:1715 -- message`, `[2024-03-07 10:15:32,123 I 12 34] file.cc:100: message` */
  ray: {
    regexps: [
      `^(?:\\([^)]*\\) )?${time}\\s+${level} (?<logger>\\S+:\\d+) -- ${rest}$`,
      `^(?:\\([^)]*\\) )?\\[(?<time>${date}(?:,\\d+)?) (?<level>[IWEFD]) \\d+ \\d+\\] (?:(?<logger>\\S+:\\d+): )?${rest}$`,
    ],
  },
  /** MLflow: `2024/03/07 10:15:32 INFO mlflow.tracking.fluent: message` */
  mlflow: {
    regexps: [
      `^(?<time>\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?) ${level} (?:(?<logger>[\\w.]+): )?(?<text>[\\s\\S]*)$`,
      // Go's log package
      `^(?<time>\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?) ${rest}$`,
    ],
  },
  /** Optuna, Tornado and Jupyter: `[I 2024-03-07 10:15:32,123] message`, `[I 240307 10:15:32 web:2271] message` */
  optuna: {
    regexps: [
      `^\\[(?<level>[DIWEC]) (?<time>${date}(?:[.,]\\d+)?)(?: (?<logger>[^\\]]+))?\\] ${rest}$`,
      `^\\[(?<level>[DIWEC]) (?<time>\\d{6} \\d\\d:\\d\\d:\\d\\d)(?: (?<logger>[^\\]]+))?\\] ${rest}$`,
      `^\\[(?<level>[DIWEC]) \\d\\d:\\d\\d:\\d\\d\\.\\d+ (?<logger>[^\\]]+)\\] ${rest}$`,
      // What Tornado says of a request
      `^${status} ${method} (?<path>/\\S*) \\([^)\\n]*\\) (?<duration_ms>\\d+(?:\\.\\d+)?)ms${more}`,
    ],
  },
  /** klog, glog and absl: `I0102 15:04:05.000000       1 file.go:12] message` */
  klog: {
    regexps: [
      `^(?<level>[IWEF])(?<time>(?:\\d{4})?\\d{4} \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?)\\s+(?<thread>\\d+) (?<logger>[^\\]\\s]+)\\] ${rest}$`,
      // absl before it is initialised
      `^(?<level>[IWEF])0000 00:00:(?<time>\\d{10}\\.\\d+)\\s+(?<thread>\\d+) (?<logger>[^\\]\\s]+)\\] ${rest}$`,
      // PyTorch's C++
      `^(?:\\[rank(?<rank>\\d+)\\]:)?\\[(?<level>[IWEF])(?:(?<time>\\d{4} \\d\\d:\\d\\d:\\d\\d\\.\\d+))? (?<logger>[^\\]\\s]+:\\d+)\\] ${rest}$`,
    ],
  },
  /** TensorFlow's C++: `2024-03-07 10:15:32.123456: I tensorflow/core/file.cc:193] message` */
  tensorflow: {
    regexps: [`^(?<time>${date}\\.\\d+): (?<level>[IWEF]) (?<logger>[^\\]\\s]+)\\] ${rest}$`],
  },
  /** Python's logging: `INFO:name:message`, `2021-01-06 17:44:13,368 INFO name: message`, `… - name - INFO - message` */
  python: {
    regexps: [
      `^(?<level>${pythonLevels}|TRACE|NOTICE|SUCCESS|WARN|FATAL):(?<logger>(?:[^:\\s][^:\\n]*)?):${rest}$`,
      `^${time} - (?<logger>[^\\n]{1,200}?) - (?<level>[A-Z]+|Level \\d+) - ${rest}$`,
      `^${time}\\s+(?:\\[\\s*)?${pythonLevel}(?:\\s*\\])?:?\\s+(?:(?<logger>[A-Za-z_][\\w.-]*(?::\\d+)?)\\s*(?:: | - )\\s*)?(?!\\s|\\[|\\d+ --- )${rest}$`,
      `^${time} (?<logger>[A-Za-z_][\\w.-]*) ${pythonLevel}: ${rest}$`,
      // KServe and MLServer
      `^${time} (?<process>\\d+) (?<logger>[A-Za-z_][\\w.-]*) ${pythonLevel}:?\\s+(?:\\[(?<function>[^\\]\\n]*)\\] )?${rest}$`,
      `^${time} \\[(?<logger>\\w+(?:\\.\\w+)+)\\] ${pythonLevel} - ${rest}$`,
      // Flask
      `^\\[${time}\\] ${pythonLevel} in (?<logger>[\\w.]+): ${rest}$`,
    ],
  },
  /**
   * log4j, logback, Spark, Spring Boot: `2024-03-07 10:15:32,123 WARN  [main] logger - message`,
   * `24/03/07 10:15:32 ERROR Executor: message`
   */
  log4j: {
    regexps: [
      `^${time}\\s+${level}\\s+\\d+ --- (?:\\[[^\\]]*\\] ?){1,2}(?<logger>\\S+)\\s*: ${rest}$`,
      `^${time}\\s+(?:\\[(?<thread>[^\\]]*)\\] )?${level}\\s+(?:\\[(?<thread_name>[^\\]]*)\\] )?(?:(?<logger>[\\w.$-]+)\\s*(?:: | - )\\s*)?${rest}$`,
      `^(?<time>\\d\\d/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d) ${level} (?<logger>[^\\s:]+): ${rest}$`,
      // log4j 2 as Elasticsearch has it, env_logger of Rust, Ruby's Logger
      `^\\[${time}\\]\\[(?<level>[A-Z]+) *\\]\\[(?<logger>[^\\]]+)\\] ${rest}$`,
      `^\\[${time} (?<level>TRACE|DEBUG|INFO|WARN|ERROR) +(?<logger>[\\w:]+)\\] ${rest}$`,
      `^[DIWEFA], \\[${time} #(?<process>\\d+)\\] +(?<level>[A-Z]+) -- (?<logger>[^:\\n]*): ${rest}$`,
    ],
  },
  /** XGBoost and LightGBM: `[10:15:32] WARNING: ../src/learner.cc:1115: message`, `[LightGBM] [Warning] message` */
  boosting: {
    regexps: [
      `^\\[\\d\\d:\\d\\d:\\d\\d\\] (?<level>[A-Z]+): (?:(?<logger>\\S+:\\d+): )?${rest}$`,
      `^\\[(?<logger>LightGBM)\\] \\[(?<level>[A-Za-z]+)\\] ${rest}$`,
    ],
  },
  /**
   * PyTorch Lightning, Keras and Transformers, which print: `GPU available: True, used: True`, `Epoch 1/10`, `{'loss': 0.5}`;
   * scores of XGBoost, LightGBM and CatBoost, joblib, scikit-learn's searches, NCCL
   */
  lightning: {
    severity: "INFO",
    regexps: [
      "^(?<body>\\[\\d+\\]\\s+[^\\s:]+(?:'s [^\\s:]+)?: ?-?\\d[\\s\\S]*)$",
      "^(?<body>\\d+:\\t(?:learn|test): [\\s\\S]*)$",
      "^(?<body>(?:\\[(?:Parallel\\(n_jobs=|CV[ \\]])|Fitting \\d+ folds for each of )[\\s\\S]*)$",
      `^\\S+:\\d+:\\d+ \\[\\d+\\] (?:(?<logger>\\S+:\\d+) )?NCCL (?<level>INFO|WARN|TRACE) ${rest}$`,
      "^(?<body>(?:GPU|TPU|IPU|HPU) available: [\\s\\S]*)$",
      "^(?<body>(?:\\*{3,} |\\{'(?:loss|grad_norm|eval_\\w+|train_\\w+)': )[\\s\\S]*)$",
      "^(?<body>(?:LOCAL_RANK: \\d+ - CUDA_VISIBLE_DEVICES|`Trainer\\.fit` stopped|Epoch \\d+(?:/\\d+)?(?:: |\\s*$))[\\s\\S]*)$",
    ],
  },
  /** Python's warnings: `/path/base.py:348: UserWarning: message` */
  warnings: {
    severity: "WARN",
    regexps: [
      `^(?<logger>(?:<[^>\\n]{1,200}>|[^\\s:]+):\\d+): (?<category>[\\w.]*Warning): ${rest}$`,
      `^(?<category>[A-Z]\\w*Warning): ${rest}$`,
    ],
  },
  /** A traceback that follows no line, as of a crash: of Python, Java, .NET, Node.js, Go or Rust. */
  traceback: {
    severity: "ERROR",
    regexps: [
      "^(?<traceback>Traceback \\(most recent call last\\):[\\s\\S]*)$",
      "^(?<traceback> *\\+ Exception Group Traceback \\(most recent call last\\):[\\s\\S]*)$",
      '^(?<traceback>(?:Exception in thread "[^"]*" |Unhandled exception\\. |Uncaught )?(?:[A-Za-z_][\\w$]*\\.)*[\\w$]*(?:Error|Exception)(?::[^\\n]*)?\\n\\s+at [\\s\\S]*)$',
      // An exception that was printed without its stack
      "^(?<traceback>(?:[A-Za-z_]\\w*\\.)*[A-Za-z_]\\w*(?:Error|Exception): [\\s\\S]*)$",
      // What the shell and the runtime of C++ say
      "^(?<traceback>terminate called [\\s\\S]*|(?:Segmentation fault|Aborted|Bus error|Illegal instruction|Killed)(?: \\(core dumped\\))?)$",
      // Go, Rust and CPython
      "^(?<traceback>(?:panic|fatal error|Fatal Python error): [\\s\\S]*)$",
      "^(?<traceback>thread '[^'\\n]*' (?:\\(\\d+\\) )?panicked at [\\s\\S]*)$",
    ],
  },
  /** A progress bar, as of tqdm and Keras: `50%|#####     | 5/10 [00:05<00:05, 1.0it/s]`; its last state. */
  progress: {
    severity: "INFO",
    regexps: [
      "^(?<body>[^\\n]*\\d%\\|[^|\\n]*\\|[\\s\\S]*)$",
      "^(?<body>[^\\n]*(?:\\dit \\[\\d\\d:|\\d/\\d+ +━{5,})[\\s\\S]*)$",
      "^(?<body>\\[Stage \\d+:[=> ]+\\([\\s\\S]*)$",
      "^(?<body>[^\\n]*(?:\\d%?\\s*\\[[=>.#\\- ]{5,}\\]|\\[[=>.#\\- ]{5,}\\]\\s*\\d)[\\s\\S]*)$",
    ],
  },
  /** syslog: `<34>1 2024-03-07T10:15:32.003Z host app 1 ID47 - message`, `Mar  7 10:15:32 host app[12]: message` */
  syslog: {
    regexps: [
      `^<(?<priority>\\d{1,3})>1 (?<time>\\S+) \\S+ (?<logger>\\S+) \\S+ \\S+ (?:-|\\[[^\\]]*\\]) ?${rest}$`,
      `^(?:<(?<priority>\\d{1,3})>)?(?<time>[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d) \\S+ (?<logger>[^\\s:[]+)(?:\\[\\d+\\])?: ${rest}$`,
    ],
  },
  /**
   * A level at the begin, or after a time: `2024-03-07 10:15:32,123 - INFO - message`, `10:15:32.123 [main] INFO message`,
   * `[INFO] message`. What no format above knows: Hydra, DeepSpeed, Transformers, vLLM, Prefect, rich, spdlog, logback.
   */
  general: {
    regexps: [
      `^[[(]?${anyTime}[\\])]?${between}${bracketed}${levelWord}${rest}$`,
      // No date, or one that is read differently from country to country: the time of reading
      `^[[(]?(?:\\d{1,2}[/.]\\d{1,2}[/.]\\d{2,4},? )?\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)?[\\])]?${between}${bracketed}${levelWord}${rest}$`,
      `^(?:\\([^)\\n]{0,200}\\) )?[[(]?(?<level>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)(?:\\|(?<logger>[^\\]\\s]{1,200}))?(?![A-Za-z0-9_])[\\])]?${between}` +
        `(?:[[(]?(?<time>${date}(?:[.,]\\d+)?${zone}|\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d)[\\])]?[ \\t|,;:>-]*)?${rest}$`,
    ],
  },
};
