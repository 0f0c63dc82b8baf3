import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random";
import { unknownMarker, type Case } from "../case";

/**
 * A resource of any type, without its provider: a component carries type, inputs and options to the policies just as
 * a resource of a provider does, and its outputs are its inputs.
 */
class AnyResource extends pulumi.ComponentResource {
  constructor({ type, name, properties }: Case, opts: pulumi.ComponentResourceOptions) {
    const inputs = withUnknowns(properties) as pulumi.Inputs;
    super(type, name, inputs, opts);
    this.registerOutputs(inputs);
  }
}

/** Put an output that is not known at preview in place of each marker. */
function withUnknowns(value: unknown): unknown {
  if (value === unknownMarker) return unknownOutput();
  if (Array.isArray(value)) return value.map(withUnknowns);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withUnknowns(item)]));
}

/** What only exists once another resource does. */
function unknownOutput(): pulumi.Output<unknown> {
  return new RandomPassword("unknown", { length: 8 }).result;
}

const file = process.env.POLICY_CASES;
if (file === undefined) throw new Error("POLICY_CASES must name the JSON file of the resources");

const made = new Map<string, AnyResource>();
for (const entry of JSON.parse(readFileSync(file, "utf8")) as Case[]) {
  const parent = entry.parent === undefined ? undefined : made.get(entry.parent);
  made.set(entry.name, new AnyResource(entry, { protect: entry.protect, parent }));
}
