import type { Attribute } from "./attributes";
import { attributesOf, type EventName, events } from "./events";
import { measurements } from "./measurements";

/** A JSON Schema of one event: an object with `type`, `properties`, `required`. */
function eventSchema(name: EventName): object {
  const { own } = events[name];
  const attributes = Object.entries(attributesOf(name)).filter(([, attribute]) => attribute !== undefined);
  return {
    title: name,
    description: events[name].description,
    type: "object",
    properties: Object.fromEntries(
      attributes.map(([key, attribute]) => [
        key,
        key === "event_name" ? { const: name } : attributeSchema(key, attribute),
      ]),
    ),
    ...(own === undefined ? {} : { patternProperties: { [own.pattern]: { description: own.description } } }),
    required: attributes.flatMap(([key, attribute]) => (attribute.required ? [key] : [])),
  };
}

function attributeSchema(
  key: string,
  { type, description, unit, values, minimum, maximum }: Attribute,
): object {
  return {
    type: type === "float" ? "number" : "string",
    description: unit === undefined ? description : `${description}, in ${unit}`,
    ...(values === undefined ? {} : { enum: values }),
    ...(minimum === undefined ? {} : { minimum, maximum }),
    ...(key === "timestamp" ? { format: "date-time" } : {}),
  };
}

/** Events that applications write; Fluentd makes the rest. */
const written = (Object.keys(events) as EventName[]).filter(
  (name) => name !== measurements.unparsed && name !== measurements.deadLetter,
);

/**
 * The log contract as a JSON Schema (draft 7) of one line.
 *
 * Keys that the contract doesn't know are allowed: they are an application's own.
 */
export function logContractSchema(): object {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "ds-monitoring log contract",
    description: "One line of a log file: a flat JSON object. Generated from contract/events.ts.",
    type: "object",
    required: ["event_name"],
    discriminator: { propertyName: "event_name" },
    oneOf: written.map(eventSchema),
  };
}

/** The contract as Markdown tables, one an event. */
export function logContractTables(): string {
  return (Object.keys(events) as EventName[])
    .map((name) => {
      const own = Object.entries(events[name].attributes);
      const rows = own.map(([key, attribute]: [string, Attribute]) => {
        const type = attribute.type === "float" ? "number" : "text";
        const unit = attribute.unit === undefined ? "" : ` (${attribute.unit})`;
        const values = attribute.values === undefined ? "" : `: ${attribute.values.join(", ")}`;
        return `| \`${key}\` | ${type}${unit} | ${attribute.required ? "yes" : ""} | ${attribute.tag ?? ""} | ${attribute.description}${values} |`;
      });
      const chosen = events[name].own;
      if (chosen !== undefined)
        rows.push(`| \`${chosen.name}\` | number or text |  |  | ${chosen.description} |`);
      return [
        `### ${name}`,
        "",
        `${events[name].description}.`,
        "",
        "| key | type | required | tag | meaning |",
        "| --- | --- | --- | --- | --- |",
        ...rows,
        "",
      ].join("\n");
    })
    .join("\n");
}
