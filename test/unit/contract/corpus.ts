/** Records and what they must become; the TypeScript reader, the Ruby code and the real Fluentd are held to it. */
export interface CorpusRecord {
  record: string;
  event: string;
}

const at = "2026-01-06T17:44:13.368024402Z";

export const corpus: readonly CorpusRecord[] = [
  { record: `INFO[2021-01-06T17:44:13.368024402-08:00] starting *secrets.YamlSecrets`, event: "log" },
  {
    record: `ERRO[2021-01-06T17:44:13.369694698-08:00] http server error error="listen tcp bind: address already in use"`,
    event: "log",
  },
  { record: `WARN[0003] slow answer duration=3`, event: "log" },
  { record: `\x1b[36mINFO\x1b[0m[2026-01-06T17:44:13Z] coloured \x1b[36mkey\x1b[0m=value`, event: "log" },
  { record: `time="${at}" level=warning msg="a \\"quoted\\" text" user=7`, event: "log" },
  { record: `time=${at} level=info msg=short`, event: "log" },
  { record: `INFO:penguins.train:fitted in 3 s`, event: "log" },
  { record: `2026-01-06 17:44:13,368 WARNING penguins: 3 rows dropped`, event: "log" },
  { record: `2026-01-06 17:44:13,368 - penguins - ERROR - no data`, event: "log" },
  {
    record: `ERROR:root:training failed\nTraceback (most recent call last):\n  File "train.py", line 3, in <module>\n    fit()\nValueError: no rows`,
    event: "log",
  },
  { record: `INFO:     127.0.0.1:51824 - "GET /predict?x=1 HTTP/1.1" 200 OK`, event: "http.server.request" },
  {
    record: `10.0.0.7 - alice [06/Jan/2026:17:44:13 +0000] "POST /users/4711/orders HTTP/1.1" 503 12 "-" "curl/8.5" 0.120`,
    event: "http.server.request",
  },
  {
    record: `{"timestamp":"${at}","event_name":"http.server.request","http.request.method":"POST","http.route":"/predict","http.response.status_code":200,"duration_s":0.012}`,
    event: "http.server.request",
  },
  {
    record: `{"timestamp":"${at}","event_name":"ml.metric","cicd.pipeline.name":"p","cicd.pipeline.run.id":"r","split":"test","class":"_all","f1":NaN,"accuracy":"0.9"}`,
    event: "ml.metric",
  },
  {
    record: `{"level":"info","ts":1767721453.368,"msg":"structured","code":5,"ok":true,"who":"x"}`,
    event: "log",
  },
  { record: `{"event_name":"shop.checkout","timestamp":"${at}","amount":12}`, event: "shop.checkout" },
  { record: `{"event_name":"Not A Name!","timestamp":"${at}"}`, event: "log" },
  {
    record: `{"event_name":"http.server.request","http.response.status_code":"many"}`,
    event: "http.server.request",
  },
  { record: `{"broken": `, event: "log.unparsed" },
  { record: `[1,2,3]`, event: "log.unparsed" },
  { record: `completely free text`, event: "log.unparsed" },
  { record: `x,service=evil f=1 1700000000000000000`, event: "log.unparsed" },
  {
    record: `{"event_name":"http.server.request","timestamp":"${at}","http.request.method":"GET","http.route":"/a b,c=d\\\\","http.response.status_code":200,"request.id":"x\\" 1\\nlog,service=evil body=\\"y\\" 1"}`,
    event: "http.server.request",
  },
  {
    record: `{"timestamp":"${at}","event_name":"log","body":"nested","a":{"b":{"c":1}},"list":[1,2],"_field":"x","time ":3}`,
    event: "log",
  },
  {
    record: `{"timestamp":"${at}","event_name":"log","body":"lone surrogate \\ud800 and nul \\u0000"}`,
    event: "log",
  },
];

/** Lines as no application should write them, as bytes. */
export const hostileLines: readonly { name: string; bytes: Buffer }[] = [
  { name: "binary", bytes: Buffer.from(Array.from({ length: 256 }, (_, byte) => (byte === 10 ? 11 : byte))) },
  { name: "one megabyte", bytes: Buffer.alloc(1024 * 1024, "x") },
  { name: "one megabyte of JSON", bytes: Buffer.from(`{"message":"${"y".repeat(1024 * 1024)}"}`) },
  { name: "broken JSON", bytes: Buffer.from('{"event_name":"log","body":') },
  { name: "deep JSON", bytes: Buffer.from(`${'{"a":'.repeat(200)}1${"}".repeat(200)}`) },
  {
    name: "many keys",
    bytes: Buffer.from(
      JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i]))),
    ),
  },
  {
    name: "2 MiB of own keys",
    bytes: Buffer.from(
      JSON.stringify(Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, "y".repeat(40_000)]))),
    ),
  },
  { name: "ANSI", bytes: Buffer.from("\x1b[31;1mred\x1b[0m\x1b]0;title\x07") },
  { name: "CRLF", bytes: Buffer.from("INFO:root:windows\r") },
  { name: "NUL", bytes: Buffer.from("before\0after") },
  { name: "invalid UTF-8", bytes: Buffer.from([0x49, 0x4e, 0x46, 0x4f, 0x3a, 0x72, 0x3a, 0xff, 0xfe, 0xc3]) },
  { name: "line protocol", bytes: Buffer.from("injected,service=evil value=1 1700000000000000000") },
  {
    name: "line protocol in a tag",
    bytes: Buffer.from(
      JSON.stringify({
        event_name: "http.server.request",
        "http.request.method": "GET",
        "http.route": "/x v=1 1\ninjected,service=evil value=1 1\\",
        "http.response.status_code": 200,
      }),
    ),
  },
  {
    name: "line protocol in a key",
    bytes: Buffer.from(
      JSON.stringify({ event_name: "log", body: "b", 'k"=1 1\ninjected,service=evil v': "1", "a,b=c d": 2 }),
    ),
  },
  {
    name: "line protocol in a measurement",
    bytes: Buffer.from(JSON.stringify({ event_name: "injected,service=evil value=1 1\n", body: "b" })),
  },
  {
    name: "names of InfluxDB's columns",
    bytes: Buffer.from(
      JSON.stringify({ event_name: "log", _measurement: "evil", _time: 1, time: 2, service: 3 }),
    ),
  },
  {
    name: "numbers that are none",
    bytes: Buffer.from('{"event_name":"log","body":"n","a":NaN,"b":Infinity,"c":1e999,"d":-Infinity}'),
  },
  {
    name: "a time that is none",
    bytes: Buffer.from('{"event_name":"log","body":"t","timestamp":"2026-13-45T99:99:99Z"}'),
  },
  { name: "a byte order mark", bytes: Buffer.from('\ufeff{"message":"windows"}\r') },
  {
    name: "two keys of a name",
    bytes: Buffer.from('{"message":"a","message":"b","level":"x","level":"info"}'),
  },
  {
    name: "numbers beyond 2^53",
    bytes: Buffer.from('{"message":"n","a":9007199254740993,"b":123456789012345678901234567890,"c":-0.0}'),
  },
  { name: "nanoseconds as a number", bytes: Buffer.from('{"message":"n","time":1767721453368024402}') },
  { name: "two objects", bytes: Buffer.from('{"message":"a"}{"message":"b"}') },
  { name: "a dict of Python", bytes: Buffer.from("{'message': None, 'a': True}") },
  { name: "names of JavaScript", bytes: Buffer.from('{"__proto__":{"x":1},"constructor":2,"message":"p"}') },
  { name: "64 KiB of spaces", bytes: Buffer.from(`2026-01-06 17:44:13 ${" ".repeat(65_536)}x`) },
  { name: "64 KiB of digits", bytes: Buffer.alloc(65_536, "1") },
  { name: "emoji", bytes: Buffer.from("INFO:root:🐧 done") },
];
