import * as pulumi from "@pulumi/pulumi";

/** The shape of one property in a package's schema. */
export interface PropertySpec {
  type?: string;
  $ref?: string;
  items?: PropertySpec;
  additionalProperties?: PropertySpec;
  /** Any of these. */
  oneOf?: PropertySpec[];
  description?: string;
  /** Whether it must be known when the component is made: an output of another resource is not. */
  plain?: boolean;
}

/** The parts of a package's schema that are read here. */
export interface PackageSchema {
  version: string;
  resources: Record<
    string,
    { inputProperties: Record<string, PropertySpec>; requiredInputs: string[]; properties: object }
  >;
  types: Record<string, ObjectSpec>;
}

interface ObjectSpec {
  properties: Record<string, PropertySpec>;
  required: string[];
}

/**
 * What is wrong with the inputs of a resource: keys that are missing or unknown, values of another type, neither or both
 * halves of a choice, and outputs where a value must be known. Languages without types, and programs whose SDK is older,
 * get here unchecked.
 *
 * @param token e.g. `ds-monitoring:index:ModelApi`
 */
export function inputProblems(
  schema: PackageSchema,
  token: string,
  inputs: object,
): pulumi.InputPropertyErrorDetails[] {
  const resource = schema.resources[token];
  if (resource === undefined) {
    throw new Error(`there is no resource ${token}; there are ${Object.keys(schema.resources).join(", ")}`);
  }
  return ofObject("", inputs, { properties: resource.inputProperties, required: resource.requiredInputs });

  function ofObject(path: string, value: object, { properties, required }: ObjectSpec) {
    const at = (key: string) => (path === "" ? key : `${path}.${key}`);
    const given = Object.entries(value).filter(([, entry]) => entry !== undefined && entry !== null);
    const problems = required
      .filter((key) => !given.some(([name]) => name === key))
      .map((key) => problem(at(key), `is missing: ${properties[key]?.description ?? "it is required"}`));
    for (const [key, entry] of given) {
      const spec = properties[key];
      if (spec !== undefined) problems.push(...ofValue(at(key), entry, spec));
      else problems.push(problem(at(key), `is not known; there are ${Object.keys(properties).join(", ")}`));
    }
    const isChoice = Object.keys(properties).sort().join() === "deploy,existing";
    if (isChoice && given.length === 0) {
      const fix = 'give it "deploy" for a new one, or "existing" for one that somebody else runs';
      problems.push(problem(path, `is empty: ${fix}`));
    } else if (isChoice && given.length === 2) {
      problems.push(problem(path, 'has both "deploy" and "existing": leave one of them out'));
    }
    return problems;
  }

  function ofValue(path: string, value: unknown, spec: PropertySpec): pulumi.InputPropertyErrorDetails[] {
    if (pulumi.Output.isInstance(value)) {
      if (spec.plain !== true) return [];
      const fix =
        "write the value itself, not an output of another resource; of an object with a secret in it, make only " +
        "that entry the secret";
      return [problem(path, `must be known before anything is deployed: ${fix}`)];
    }
    const got = Array.isArray(value) ? "array" : typeof value;
    const allowed = spec.oneOf ?? [spec];
    const fitting = allowed.filter((one) => typeOf(one) === got);
    if (fitting.length === 0) {
      const article = /^[ao]/.test(got) ? "an" : "a";
      const wanted = allowed.map(typeOf).join(" or ");
      return [problem(path, `must be of the type ${wanted}, not ${article} ${got}`)];
    }
    const found = fitting.map((one) => inside(path, value, one));
    return found.find(({ length }) => length === 0) ?? found[0] ?? [];
  }

  /** What is wrong inside of a value that has the right type. */
  function inside(
    path: string,
    value: unknown,
    { $ref, items = {}, additionalProperties = {} }: PropertySpec,
  ) {
    if (Array.isArray(value)) {
      return value.flatMap((entry, index) => ofValue(`${path}[${index}]`, entry, items));
    }
    if (typeof value !== "object" || value === null) return [];
    const type = $ref && schema.types[decodeURIComponent($ref.replace("#/types/", ""))];
    if (type) return ofObject(path, value, type);
    return Object.entries(value).flatMap(([key, entry]) =>
      ofValue(`${path}.${key}`, entry, additionalProperties),
    );
  }
}

function typeOf(spec: PropertySpec): string | undefined {
  return spec.$ref === undefined ? spec.type : "object";
}

function problem(propertyPath: string, reason: string): pulumi.InputPropertyErrorDetails {
  return { propertyPath, reason };
}
