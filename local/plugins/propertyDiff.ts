import { isDeepStrictEqual } from "node:util";
import { isObject } from "./values";

/** Keys and indices from the top of a resource's inputs down to a property. */
export type PropertyPath = readonly (string | number)[];

/** One property that differs between two sets of inputs. */
export interface PropertyChange {
  path: PropertyPath;
  kind: "add" | "delete" | "update";
}

/**
 * The properties in which two values differ, each as deep as both sides have the same shape.
 * A list is compared by index; what one side lacks is an addition or a deletion. Null counts as lacking.
 */
export function diffProperties(before: unknown, after: unknown, path: PropertyPath = []): PropertyChange[] {
  if (isDeepStrictEqual(before ?? null, after ?? null)) return [];
  if (before === undefined || before === null) return [{ path, kind: "add" }];
  if (after === undefined || after === null) return [{ path, kind: "delete" }];
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      diffProperties(before[index], after[index], [...path, index]),
    );
  }
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => diffProperties(before[key], after[key], [...path, key]));
  }
  return [{ path, kind: "update" }];
}

/** The path as the engine writes it: `spec.containers[0].image`, `metadata.labels["a.b/c"]`. */
export function formatPath(path: PropertyPath): string {
  return path
    .map((element, index) => {
      if (typeof element === "number") return `[${element}]`;
      if (!/^[A-Za-z_$][\w$]*$/.test(element)) return `[${JSON.stringify(element)}]`;
      return index === 0 ? element : `.${element}`;
    })
    .join("");
}
