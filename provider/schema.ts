import * as pulumi from "@pulumi/pulumi";

/** The parts of a package's schema that are read here. */
export interface PackageSchema {
  name: string;
  version: string;
  resources: Record<
    string,
    {
      inputProperties: Record<string, PropertySpec>;
      requiredInputs: string[];
      properties: Record<string, PropertySpec>;
    }
  >;
  types: Record<string, { properties: Record<string, PropertySpec>; required: string[] }>;
}

/** The shape of one property. */
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

/** One property that is wrong, and what to do about it. */
export interface PropertyProblem {
  propertyPath: string;
  reason: string;
}

const typeReference = "#/types/";

/**
 * What is wrong with the inputs of a resource: keys that are missing or unknown, values of another type, neither or both
 * halves of a choice, and outputs where a value must be known. Languages without types, and programs whose SDK is older,
 * get here unchecked.
 *
 * @param token e.g. `ds-monitoring:index:ModelApi`
 */
export function inputProblems(schema: PackageSchema, token: string, inputs: object): PropertyProblem[] {
  const resource = schema.resources[token];
  if (resource === undefined) {
    const known = Object.keys(schema.resources).join(", ");
    throw new Error(`${schema.name} has no resource ${token}; it has ${known}`);
  }
  const { inputProperties: properties, requiredInputs: required } = resource;
  return objectProblems(schema, "", inputs, { properties, required });
}

function objectProblems(
  schema: PackageSchema,
  path: string,
  value: object,
  { properties, required }: PackageSchema["types"][string],
): PropertyProblem[] {
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  const given = Object.entries(value).filter(([, entry]) => entry !== undefined && entry !== null);
  const missing = required
    .filter((key) => !given.some(([name]) => name === key))
    .map((key) => ({
      propertyPath: at(key),
      reason: `is missing: ${properties[key]?.description ?? "it is required"}`,
    }));
  const wrong = given.flatMap(([key, entry]) => {
    const spec = properties[key];
    if (spec !== undefined) return valueProblems(schema, at(key), entry, spec);
    return [
      { propertyPath: at(key), reason: `is not known; there are ${Object.keys(properties).join(", ")}` },
    ];
  });
  const isChoice = Object.keys(properties).sort().join() === "deploy,existing";
  if (!isChoice || given.length === 1) return [...missing, ...wrong];
  const reason =
    given.length === 0
      ? `is empty: give it "deploy" for a new one, or "existing" for one that somebody else runs`
      : `has both "deploy" and "existing": leave one of them out`;
  return [...wrong, { propertyPath: path, reason }];
}

function valueProblems(
  schema: PackageSchema,
  path: string,
  value: unknown,
  spec: PropertySpec,
): PropertyProblem[] {
  if (pulumi.Output.isInstance(value)) {
    if (spec.plain !== true) return [];
    return [
      {
        propertyPath: path,
        reason:
          "must be known before anything is deployed: write the value itself, not an output of another resource; " +
          "of an object with a secret in it, make only that entry the secret",
      },
    ];
  }
  const got = Array.isArray(value) ? "array" : typeof value;
  const fitting = (spec.oneOf ?? [spec]).filter(
    (one) => one.$ref === "pulumi.json#/Any" || typeOf(one) === got,
  );
  if (fitting.length === 0) {
    const wanted = (spec.oneOf ?? [spec]).map(typeOf).join(" or ");
    const article = got === "array" || got === "object" ? "an" : "a";
    return [{ propertyPath: path, reason: `must be of the type ${wanted}, not ${article} ${got}` }];
  }
  const problems = fitting.map((one) => contentProblems(schema, path, value, one));
  return problems.find(({ length }) => length === 0) ?? problems[0] ?? [];
}

function typeOf(spec: PropertySpec): string | undefined {
  return spec.$ref === undefined ? spec.type : "object";
}

/** What is wrong inside of a value that has the right type. */
function contentProblems(
  schema: PackageSchema,
  path: string,
  value: unknown,
  spec: PropertySpec,
): PropertyProblem[] {
  if (Array.isArray(value)) {
    return value.flatMap((entry, index) =>
      valueProblems(schema, `${path}[${index}]`, entry, spec.items ?? {}),
    );
  }
  if (typeof value !== "object" || value === null) return [];
  if (spec.$ref === undefined) {
    return Object.entries(value).flatMap(([key, entry]) =>
      valueProblems(schema, `${path}.${key}`, entry, spec.additionalProperties ?? {}),
    );
  }
  const type = schema.types[decodeURIComponent(spec.$ref.slice(typeReference.length))];
  return type === undefined ? [] : objectProblems(schema, path, value, type);
}
