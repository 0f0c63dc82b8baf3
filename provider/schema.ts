import * as pulumi from "@pulumi/pulumi";

/** The parts of a package's schema that are read here. */
export interface PackageSchema {
  name: string;
  version: string;
  resources: Record<string, { inputProperties: Record<string, PropertySpec>; requiredInputs: string[] }>;
  types: Record<string, { properties: Record<string, PropertySpec>; required: string[] }>;
}

/** The shape of one property. */
export interface PropertySpec {
  type?: string;
  $ref?: string;
  items?: PropertySpec;
  additionalProperties?: PropertySpec;
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
 * What is wrong with the inputs of a resource: keys that are missing or unknown, values of another type, and outputs
 * where a value must be known. Languages without types, and programs whose SDK is older, get here unchecked.
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
  return [
    ...missing,
    ...given.flatMap(([key, entry]) => {
      const spec = properties[key];
      if (spec !== undefined) return valueProblems(schema, at(key), entry, spec);
      return [
        { propertyPath: at(key), reason: `is not known; there are ${Object.keys(properties).join(", ")}` },
      ];
    }),
  ];
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
  if (spec.type === "array" && Array.isArray(value)) {
    const items = spec.items ?? {};
    return value.flatMap((entry, index) => valueProblems(schema, `${path}[${index}]`, entry, items));
  }
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (spec.$ref?.startsWith(typeReference) && isObject) {
    const type = schema.types[decodeURIComponent(spec.$ref.slice(typeReference.length))];
    return type === undefined ? [] : objectProblems(schema, path, value, type);
  }
  if (spec.type === "object" && isObject) {
    const entries = spec.additionalProperties ?? {};
    return Object.entries(value).flatMap(([key, entry]) =>
      valueProblems(schema, `${path}.${key}`, entry, entries),
    );
  }
  const wanted = spec.$ref === undefined ? spec.type : "object";
  if (wanted === undefined || typeof value === wanted) {
    if (wanted !== "object") return [];
  }
  const got = Array.isArray(value) ? "an array" : `a ${typeof value}`;
  return [{ propertyPath: path, reason: `must be of the type ${wanted}, not ${got}` }];
}
