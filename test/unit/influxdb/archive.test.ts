import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  agedDays,
  dayOf,
  isDay,
  liveDays,
  lostDays,
  startOf,
} from "../../../components/influxdb/archive/days";
import { type FieldType, renderRows, type Series } from "../../../components/influxdb/archive/lineProtocol";
import {
  type ArchivedMeasurement,
  decideExport,
  fileName,
  parseManifest,
} from "../../../components/influxdb/archive/manifest";
import { decodeText, MessagePackReader, type Value } from "../../../components/influxdb/archive/messagePack";

describe("the days of the archive", () => {
  const at = (text: string) => Date.parse(text) / 1000;

  test("a day is archived from an hour after its end until its shard group is dropped", () => {
    assert.deepEqual(liveDays(at("2026-03-01T00:59:59Z"), 2), ["2026-02-27"]);
    assert.deepEqual(liveDays(at("2026-03-01T01:00:00Z"), 2), ["2026-02-27", "2026-02-28"]);
    assert.deepEqual(liveDays(at("2026-03-02T00:00:00Z"), 2), ["2026-02-28"]);
    assert.equal(liveDays(at("2026-03-01T03:30:00Z"), 14).length, 14);
  });

  test("days between the archive's first and InfluxDB's oldest are lost", () => {
    const known = ["2026-02-26", "2026-02-24", "2026-03-01"];
    assert.deepEqual(lostDays(known, new Set(["2026-02-24", "2026-02-26"]), "2026-03-01"), [
      "2026-02-25",
      "2026-02-27",
      "2026-02-28",
    ]);
    assert.deepEqual(lostDays([], new Set(), "2026-03-01"), []);
    assert.deepEqual(lostDays(["2026-03-01"], new Set(), "2026-03-01"), []);
  });

  test("a day is too old when its end is", () => {
    const known = ["2026-01-01", "2026-01-02"];
    assert.deepEqual(agedDays(known, at("2026-02-01T00:00:00Z"), 30), ["2026-01-01"]);
    assert.deepEqual(agedDays(known, at("2026-01-31T23:59:59Z"), 30), []);
  });

  test("names that are no days are none", () => {
    assert.deepEqual(["2026-02-28", "2026-02-30", "2026-2-1", "lost+found", ".."].map(isDay), [
      true,
      false,
      false,
      false,
      false,
    ]);
    assert.equal(dayOf(startOf("2026-02-28") + 86_399), "2026-02-28");
  });
});

describe("MessagePack", () => {
  const bytes = (...values: (number | string)[]) =>
    Buffer.concat(
      values.map((value) => (typeof value === "string" ? Buffer.from(value) : Buffer.from([value]))),
    );
  const cases: [string, Buffer, Value][] = [
    ["nothing and booleans", bytes(0x93, 0xc0, 0xc2, 0xc3), [null, false, true]],
    ["small integers", bytes(0x92, 0x7f, 0xe0), [127n, -32n]],
    [
      "signed integers",
      bytes(0x93, 0xd0, 0x80, 0xd1, 0x80, 0x00, 0xd2, 0x80, 0, 0, 0),
      [-128n, -32768n, -2147483648n],
    ],
    [
      "unsigned integers",
      bytes(0x93, 0xcc, 0xff, 0xcd, 0xff, 0xff, 0xce, 0xff, 0xff, 0xff, 0xff),
      [255n, 65535n, 4294967295n],
    ],
    [
      "the largest integers",
      bytes(0x92, 0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0, 0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
      [-(2n ** 63n), 2n ** 64n - 1n],
    ],
    ["floats, whole ones too", bytes(0x92, 0xca, 0x3f, 0x80, 0, 0, 0xcb, 0x40, 0, 0, 0, 0, 0, 0, 0), [1, 2]],
    ["texts of each length", bytes(0x93, 0xa1, "a", 0xd9, 1, "b", 0xda, 0, 1, "c"), ["a", "b", "c"]],
    ["bytes that are no UTF-8", bytes(0xa2, 0xff, 0xfe), "\u00ff\u00fe"],
    [
      "a map, long lists",
      bytes(0x81, 0xa1, "k", 0xdc, 0, 1, 0xdd, 0, 0, 0, 1, 0x01),
      Object.assign(Object.create(null), { k: [[1n]] }) as Value,
    ],
  ];

  for (const [title, encoded, value] of cases) {
    test(`reads ${title}, in one piece and byte by byte`, () => {
      assert.deepEqual(new MessagePackReader().push(encoded), [value]);
      const reader = new MessagePackReader();
      const values = [...encoded, ...encoded].flatMap((byte) => reader.push(Uint8Array.of(byte)));
      assert.deepEqual(values, [value, value]);
      assert.equal(reader.waiting, 0);
    });
  }

  test("an incomplete value is reported, a type that InfluxDB does not send refused", () => {
    const reader = new MessagePackReader();
    assert.deepEqual(reader.push(bytes(0x92, 0x01)), []);
    assert.equal(reader.waiting, 2);
    assert.throws(
      () => new MessagePackReader().push(bytes(0xc4, 1, 0)),
      /MessagePack type 0xc4, which is not read/,
    );
    assert.throws(() => new MessagePackReader().push(bytes(0x81, 0x01, 0x01)), /a map whose key is no text/);
    assert.equal(decodeText("gr\u00c3\u00bcn"), "grün");
  });
});

describe("line protocol", () => {
  const series: Series = {
    measurement: "a, b=c",
    tags: { z: "last", "k ey": "v,a=l ue", none: "" },
    fields: ["f", "whole", "count", "t ext", "yes"],
    unsigned: new Set(["count"]),
  };
  const render = (of: Partial<Series>, ...row: Value[]) => {
    const counted: [number, FieldType][] = [];
    const line = renderRows({ ...series, ...of }, (...count) => counted.push(count))?.(row);
    return { line, counted };
  };

  test("types, nanoseconds and names are kept, absent tags and fields left out", () => {
    const { line, counted } = render({}, 1795478400000000001n, -0, 5n, 6n, 'quo"te \\ and\nline', true);
    assert.equal(
      line,
      'a\\,\\ b=c,k\\ ey=v\\,a\\=l\\ ue,z=last f=-0,whole=5i,count=6u,t\\ ext="quo\\"te \\\\ and\nline",yes=true 1795478400000000001\n',
    );
    assert.deepEqual(counted, [
      [0, "float"],
      [1, "integer"],
      [2, "unsigned"],
      [3, "string"],
      [4, "boolean"],
    ]);
    assert.equal(render({ tags: {} }, 1n, null, null, null, "", null).line, 'a\\,\\ b=c t\\ ext="" 1\n');
    assert.equal(
      render({ tags: {} }, 1n, 1e21, null, null, null, false).line,
      "a\\,\\ b=c f=1e+21,yes=false 1\n",
    );
  });

  test("what InfluxDB would not read back is not written", () => {
    assert.equal(render({ measurement: "#comment" }, 1n, 1).line, undefined);
    assert.equal(render({ tags: { t: "end\\" } }, 1n, 1).line, undefined);
    assert.equal(render({ tags: { t: 'b\\, q"' } }, 1n, 1).line, undefined);
    assert.match(render({ tags: { t: "b\\, q" } }, 1n, 1).line ?? "", /^a\\,\\ b=c,t=b\\\\,\\ q f=1 1\n$/);
  });
});

describe("the files of the archive", () => {
  test("names are safe, and differ where measurements differ in case only", () => {
    assert.equal(fileName("http.server.request"), "http.server.request.lp.gz");
    assert.equal(fileName("http.server.request", true), "http.server.request+breaks.lp.gz");
    assert.equal(fileName("../a b"), "%2e.%2fa%20b.lp.gz");
    const names = ["a", "A", "%41", "a+breaks", "é", "é".repeat(99), `${"é".repeat(98)}e`].map((name) =>
      fileName(name).toLowerCase(),
    );
    assert.equal(new Set(names).size, names.length);
    assert.ok(
      names.every((name) => name.length < 180 && /^[a-z0-9%~_-][a-z0-9.%~_-]*$/.test(name)),
      names.join("\n"),
    );
  });

  test("exported is what is new, has grown, or lacks its files; what has shrunk stays", () => {
    const archived: ArchivedMeasurement = {
      ...{ files: [], points: 2, exportedAt: "2026-02-28T03:30:00Z", skipped: { points: 1, values: 2 } },
      fields: { a: { type: "float", values: 5 }, b: { type: "string", values: 3 } },
    };
    assert.equal(decideExport(0, undefined, true), "same");
    assert.equal(decideExport(1, undefined, true), "export");
    assert.equal(decideExport(10, archived, true), "same");
    assert.equal(decideExport(10, archived, false), "export");
    assert.equal(decideExport(11, archived, true), "export");
    assert.equal(decideExport(9, archived, true), "less");
    assert.equal(decideExport(9, archived, false), "less");
  });

  test("a manifest of another day or version is refused", () => {
    const text = JSON.stringify({ version: 1, day: "2026-02-28", complete: true, measurements: {} });
    assert.equal(parseManifest(text, "2026-02-28", "m").complete, true);
    for (const wrong of [text.replace("28", "27"), text.replace(":1", ":2"), "null", "{", ""]) {
      assert.throws(
        () => parseManifest(wrong, "2026-02-28", "m"),
        /^Error: m is no manifest of 2026-02-28 that this version can read: move/,
      );
    }
  });
});
