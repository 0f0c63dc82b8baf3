import { isRpcSecret, specialSecretSig, specialSigKey, unwrapRpcSecret } from "@pulumi/pulumi/runtime/rpc";

/** The inputs or outputs of a resource, as the engine sends them. */
export type Properties = Record<string, unknown>;

/** A resource by its type token, for example `random:index/randomPassword:RandomPassword`, and logical name. */
export interface ResourceName {
  urn: string;
  type: string;
  name: string;
}

/** Read a URN: `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`. */
export function resourceOf(urn: string): ResourceName {
  const [, , types = "", ...name] = urn.split("::");
  return { urn, type: types.split("$").at(-1) ?? "", name: name.join("::") };
}

/** Mark a value as secret: the engine then encrypts it in the state. */
export function secret(value: unknown): Properties {
  return { [specialSigKey]: specialSecretSig, value };
}

/** A deep copy without the marks of secrets, and without null members, which SDKs send for what was left out. */
export function plain<Value>(value: Value): Value {
  if (isRpcSecret(value)) return plain(unwrapRpcSecret(value) as Value);
  if (Array.isArray(value)) return value.map(plain) as Value;
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, plain(member)])) as Value;
}
