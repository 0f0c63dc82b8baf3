import Ajv, { type ValidateFunction } from "ajv";
import { attributesOf, type EventName, events, isOwnAttribute } from "../../contract/events";
import { logContractSchema } from "../../contract/jsonSchema";

let validate: ValidateFunction | undefined;

/** The schema's check; a date-time is RFC 3339 in UTC with nanoseconds, as our own workloads write it. */
function validator(): ValidateFunction {
  validate ??= new Ajv({
    discriminator: true,
    formats: { "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/ },
  }).compile(logContractSchema());
  return validate;
}

/**
 * What is wrong with log lines of a program that keeps to the contract strictly: the JSON Schema decides, and keys
 * that the contract doesn't know are wrong as well.
 *
 * @returns a text for each wrong line: what is wrong, and the line
 */
export function contractViolations(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const wrong = violationOf(line);
    return wrong === undefined ? [] : [`${wrong}: ${line}`];
  });
}

function violationOf(line: string): string | undefined {
  const event = JSON.parse(line) as Record<string, unknown>;
  const check = validator();
  if (!check(event)) return JSON.stringify(check.errors);
  const name = event.event_name as EventName;
  if (!(name in events)) return `no event is called ${name}`;
  const unknown = Object.keys(event).filter(
    (key) => !(key in attributesOf(name) || isOwnAttribute(name, key)),
  );
  return unknown.length === 0 ? undefined : `the contract does not know ${unknown.join(", ")}`;
}
