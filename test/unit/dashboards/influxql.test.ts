import assert from "node:assert/strict";
import { test } from "node:test";

import {
  distinctTagValues,
  equals,
  Expression,
  field,
  matchesEitherVariable,
  matchesVariable,
  notEquals,
  Query,
  select,
  showTagValues,
  startsWithVariable,
  tag,
  time,
  timeFilter,
} from "../../../dashboards/influxql";

const source = { retentionPolicy: "daily", measurement: "http.server.request" };

test("a query renders its clauses in InfluxQL's order", () => {
  const query = select(field("count").sum().as("n"))
    .groupBy(time("$__interval"), tag("route"))
    .limit(5)
    .where(timeFilter, equals("status_class", "5xx"))
    .fill("null")
    .newestFirst()
    .from(source);
  assert.equal(
    query.render(),
    `SELECT sum("count") AS "n" FROM "daily"."http.server.request" WHERE $timeFilter AND "status_class" = '5xx' ` +
      `GROUP BY time($__interval), "route" fill(null) ORDER BY time DESC LIMIT 5`,
  );
});

test("a query is not changed by what is made of it", () => {
  const first = select(field("count")).from(source);
  first.where(timeFilter).limit(1);
  assert.equal(first.render(), 'SELECT "count" FROM "daily"."http.server.request"');
});

test("arithmetic keeps its order by parentheses", () => {
  const a = field("a").sum();
  const b = field("b").sum();
  assert.equal(a.minus(b).over(a.plus(2)).render(), '(sum("a") - sum("b")) / (sum("a") + 2)');
  assert.equal(a.plus(b).perSecond().render(), '(sum("a") + sum("b")) * 1000 / $__interval_ms');
  assert.equal(field("x").percentile(95).over(1e6).as("p").render(), 'percentile("x", 95) / 1000000 AS "p"');
  assert.equal(field("user").countDistinct().render(), 'count(distinct("user"))');
});

test("names and values can't leave their quotes", () => {
  assert.equal(field('a"b\\c').render(), '"a\\"b\\\\c"');
  assert.equal(equals("t", "it's \\").condition, `"t" = 'it\\'s \\\\'`);
  assert.equal(notEquals("t", "' OR 1=1 --").condition, `"t" != '\\' OR 1=1 --'`);
});

test("variables become regular expressions that match the whole value", () => {
  assert.equal(matchesVariable("route", "route").condition, '"route" =~ /^${route:regex}$/');
  assert.equal(matchesEitherVariable("v", "a", "b").condition, '"v" =~ /^(${a:regex}|${b:regex})$/');
  assert.equal(startsWithVariable("run", "run").condition, '"run" =~ /^${run:regex}/');
});

test("weeks can start on Monday", () => {});

test("subqueries are taken together, and the source at the bottom is known", () => {
  const inner = select(field("count")).from(source);
  const query = select(field("count").sum()).from(inner, inner);
  assert.equal(
    query.render(),
    'SELECT sum("count") FROM (SELECT "count" FROM "daily"."http.server.request"), (SELECT "count" FROM "daily"."http.server.request")',
  );
  assert.deepEqual(query.innermostSource(), source);
});

test("values of tags come from the index, or from the points", () => {
  assert.equal(
    showTagValues({
      measurement: "log",
      tag: "service",
      where: [matchesVariable("environment", "environment")],
    }),
    'SHOW TAG VALUES FROM "log" WITH KEY = "service" WHERE "environment" =~ /^${environment:regex}$/',
  );
  assert.equal(
    distinctTagValues({ source, tag: "model", field: "count" }).render(),
    'SELECT distinct("model") AS "model" FROM (SELECT "model", "count" FROM "daily"."http.server.request")',
  );
});

test("half a query says what is missing", () => {
  assert.throws(() => Query.select(), /selects nothing/);
  assert.throws(() => select(field("a")).render(), /no source/);
  assert.throws(() => select(field("a")).innermostSource(), /no source/);
  assert.throws(() => Expression.number(Infinity), /no number Infinity/);
});
