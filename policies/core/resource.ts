import type { Properties } from "./values";

/** A resource as the policies and the estimate see it: plain data, nothing of Pulumi. */
export interface Resource {
  /** Pulumi type token, for example `kubernetes:apps/v1:Deployment`. */
  type: string;
  name: string;
  urn: string;
  properties: Properties;
  /** Whether the option `protect` is set. */
  protect: boolean;
  /**
   * Whether it only groups its children: a resource without a provider.
   * @default false
   */
  isComponent?: boolean;
  /** URN of the parent; undefined at the stack itself and where the engine does not report it. */
  parent?: string;
}

/** Something that a policy refuses. */
export interface Violation {
  /** What is wrong, with its value, and how to fix it. */
  message: string;
  /** The resource it is about; undefined when it is about the whole stack. */
  resource?: Resource;
}
