import { createHash, randomBytes } from "node:crypto";

/** The annotation by which the real plugin, too, knows the names that it made up. */
export const autonamed = "pulumi.com/autonamed";

/** A new name for a resource without one: its logical name and 8 random hexadecimal digits. */
export function newName(logicalName: string): string {
  return `${logicalName}-${randomBytes(4).toString("hex")}`;
}

/**
 * The field manager of a resource. It follows from the URN alone, so that an object made by an
 * interrupted `up` is known again as this resource's own, and as nobody else's.
 */
export function fieldManagerOf(urn: string): string {
  return `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, 12)}`;
}
