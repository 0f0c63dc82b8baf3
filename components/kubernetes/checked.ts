import * as pulumi from "@pulumi/pulumi";

/**
 * Checks a value at once where it is known, or else when it is: the error then comes from the resource that uses it.
 *
 * @param check throws on a wrong value
 * @returns the value, to be used instead of the one that was given
 */
export function checked<T>(
  value: T,
  check: (known: pulumi.Unwrap<T>) => void,
): T | pulumi.Output<pulumi.Unwrap<T>> {
  if (!isKnown(value)) {
    return pulumi.output(value).apply((known) => {
      check(known);
      return known;
    });
  }
  check(value as pulumi.Unwrap<T>);
  return value;
}

function isKnown(value: unknown): boolean {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
  return typeof value !== "object" || value === null || Object.values(value).every(isKnown);
}
