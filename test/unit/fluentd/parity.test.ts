import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isRecord, renderedFormat } from "../../../contract/formats";
import { joinRecords } from "../../../contract/joinRecords";
import { parseRecord } from "../../../contract/parseRecord";
import { RouteLimit } from "../../../contract/requests";
import { line } from "../../support/lineGrammar";
import { missingRuby, parseWithRuby, readAtSeconds } from "../../support/rubyParser";

/** More with PARITY_LINES=100000 and another PARITY_SEED. */
const count = Number(process.env.PARITY_LINES ?? 4_000);
const seed = Number(process.env.PARITY_SEED ?? 13);

test(
  `Fluentd and check-logs make the same of ${count} random lines (seed ${seed})`,
  { skip: missingRuby },
  (t) => {
    const lines = fc.sample(line, { numRuns: count, seed });
    const format = renderedFormat("auto");
    const routes = new RouteLimit(format.maxRoutes);
    const ruby = parseWithRuby(lines);
    const typescript = joinRecords(lines, undefined, (text) => isRecord(text, format));
    const differences: string[] = [];
    typescript.forEach(({ text }, index) => {
      const parsed = parseRecord(text, format, readAtSeconds);
      if (parsed !== undefined) routes.apply(parsed.event);
      const { time_unix_nano: time, ...event } = ruby[index]?.event ?? {};
      const [mine, theirs] = [
        { text, event: sorted(Object.fromEntries(parsed?.event ?? [])), time: parsed?.time?.toString() },
        { text: ruby[index]?.text, event: sorted(event), time },
      ].map((one) => JSON.stringify(one));
      if (mine !== theirs && differences.push(`check-logs ${mine}\nFluentd    ${theirs}`) > 20) return;
    });
    assert.equal(
      differences.length,
      0,
      `${differences.length} differ:\n${differences.slice(0, 20).join("\n\n")}`,
    );
    assert.equal(ruby.length, typescript.length);
    t.diagnostic(`${lines.length} lines, ${ruby.length} records`);
  },
);

const sorted = (event: object) => Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1));
