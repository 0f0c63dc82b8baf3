import { crc32 } from "node:zlib";
import type { Attribute } from "../../contract/attributes";
import { attributesOf, commonAttributes, isEventName } from "../../contract/events";
import type { RenderedFormat } from "../../contract/formats";
import { lineOf } from "../../contract/lineProtocol";
import { parseRecord } from "../../contract/parseRecord";
import { RouteLimit } from "../../contract/requests";

/** Makes points of the records of one source, as Fluentd's plugins do: none of a blank one. */
export function pointMaker(format: RenderedFormat, defaults: Readonly<Record<string, string>>, pod: string) {
  const routes = new RouteLimit(format.maxRoutes);
  return ({ text, path, offset }: { text: string; path: string; offset: number }): string[] => {
    const now = Date.now();
    const parsed = parseRecord(text, format, now / 1000);
    if (parsed === undefined) return [];
    const { event, time = BigInt(now) * 1_000_000n, tick = 1_000n } = parsed;
    const measurement = String(event.get("event_name"));
    if (measurement === "log" || measurement === "log.unparsed") {
      const name = path.replace(/^.*\//, "").replace(/\.log[.-].*$/, ".log");
      event.set("log.file.name", name.replace(/[0-9a-f]{6,}|\d+/g, "*")).set("k8s.pod.name", pod);
    }
    for (const [key, value] of Object.entries(defaults)) event.set(key, event.get(key) ?? value);
    routes.apply(event);
    event.delete("event_name");
    const attributes: Readonly<Record<string, Attribute>> = isEventName(measurement)
      ? attributesOf(measurement)
      : commonAttributes;
    const tagOf = (key: string) => attributes[key]?.tag;
    const tags = [...event].flatMap(([key, value]) => {
      const tag = tagOf(key);
      return tag === undefined ? [] : [[tag, String(value)] as const];
    });
    const fields = [...event].filter(([key]) => tagOf(key) === undefined);
    // The digits that the time leaves open say where in which file the line is: alike lines stay apart.
    const place = (BigInt(crc32(`${pod}\0${path}`)) + BigInt(offset) / 16n) % tick;
    return [lineOf({ measurement, tags, fields, time: time - (time % tick) + place })];
  };
}
