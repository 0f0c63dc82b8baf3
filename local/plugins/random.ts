import { randomInt } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { unknownValue } from "@pulumi/pulumi/runtime/rpc";
import type { Provider } from "@pulumi/pulumi/provider";
import { hash } from "bcryptjs";
import { plain, resourceOf, secret, type Properties } from "./properties";

const passwordType = "random:index/randomPassword:RandomPassword";
const bcryptRounds = 10;

/** The inputs that the real plugin fills in, with its values; a length and minima count characters. */
const defaults = {
  lower: true,
  upper: true,
  numeric: true,
  number: true,
  special: true,
  minLower: 0,
  minUpper: 0,
  minNumeric: 0,
  minSpecial: 0,
};
const inputNames = ["length", "keepers", "overrideSpecial", ...Object.keys(defaults)];

/** Which characters a password is made of. */
export interface PasswordRules extends Partial<typeof defaults> {
  /** 1 or more, and no less than the sum of the minima. */
  length: number;
  /** Special characters in place of the default ones. */
  overrideSpecial?: string;
}

const lowerCase = "abcdefghijklmnopqrstuvwxyz";

/** Character classes that the rules allow. As in the real plugin, a minimum counts also where a class is off. */
function characterClasses(rules: PasswordRules): { characters: string; minimum: number }[] {
  const { lower, upper, numeric, special, minLower, minUpper, minNumeric, minSpecial } = withDefaults(rules);
  return [
    { characters: lowerCase, allowed: lower, minimum: minLower },
    { characters: lowerCase.toUpperCase(), allowed: upper, minimum: minUpper },
    { characters: "0123456789", allowed: numeric, minimum: minNumeric },
    {
      characters: rules.overrideSpecial ?? "!@#$%&*()-_=+[]{}<>:?",
      allowed: special,
      minimum: minSpecial,
    },
  ].filter(({ characters, allowed, minimum }) => characters !== "" && (allowed || minimum > 0));
}

/** `number` is the deprecated name of `numeric`: either sets both. */
function withDefaults<Inputs extends Partial<typeof defaults>>(inputs: Inputs): Inputs & typeof defaults {
  const numeric = inputs.numeric ?? inputs.number ?? defaults.numeric;
  return { ...defaults, ...inputs, numeric, number: numeric };
}

/** What is wrong with the rules and how to fix it; undefined when they can be met. */
export function problemOf(rules: PasswordRules): string | undefined {
  const { length } = rules;
  const classes = characterClasses(rules);
  const least = classes.reduce((sum, { minimum }) => sum + minimum, 0);
  if (!Number.isInteger(length) || length < 1)
    return `${length} is no length: give a whole number of 1 or more`;
  if (length < least)
    return `${length} is less than minLower + minUpper + minNumeric + minSpecial (${least}): raise it`;
  return classes.length === 0
    ? "no characters to choose from: allow lower, upper, numeric or special"
    : undefined;
}

/** A password that meets the rules, from the operating system's randomness. */
export function password(rules: PasswordRules): string {
  const pick = (characters: string) => characters.charAt(randomInt(characters.length));
  const classes = characterClasses(rules);
  const chosen = classes.flatMap(({ characters, minimum }) =>
    Array.from({ length: minimum }, () => pick(characters)),
  );
  const all = classes.map(({ characters }) => characters).join("");
  while (chosen.length < rules.length) chosen.push(pick(all));
  // Shuffled (Fisher and Yates): else the required characters would come first.
  for (let last = chosen.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [chosen[last], chosen[other]] = [chosen[other] as string, chosen[last] as string];
  }
  return chosen.join("");
}

/** A stand-in for the `random` plugin: RandomPassword. The values are kept in the state only. */
export function randomProvider(version: string): Provider {
  return {
    version,
    async check(urn, _olds, news: Properties) {
      const { type } = resourceOf(urn);
      const inputs = plain(news);
      const foreign = Object.keys(inputs).find((name) => !inputNames.includes(name));
      const known = inputNames.every((name) => name === "keepers" || inputs[name] !== unknownValue);
      const failures = [];
      if (type !== passwordType)
        failures.push({ property: "", reason: `the stand-in for random has no ${type}: ${useTheRealOne}` });
      else if (foreign !== undefined)
        failures.push({
          property: foreign,
          reason: `the stand-in for random does not know it: ${useTheRealOne}`,
        });
      else if (known) {
        const reason = problemOf(inputs as unknown as PasswordRules);
        if (reason !== undefined) failures.push({ property: "length", reason });
      }
      return { inputs: news, failures };
    },
    async diff(_id, _urn, olds: Properties, news: Properties) {
      const before: Properties = withDefaults(plain(olds));
      const after: Properties = withDefaults(plain(news));
      const replaces = inputNames.filter((name) => !isDeepStrictEqual(before[name], after[name]));
      return { changes: replaces.length > 0, replaces };
    },
    async create(_urn, inputs: Properties) {
      const result = password(plain(inputs) as unknown as PasswordRules);
      const bcryptHash = secret(await hash(result, bcryptRounds));
      return { id: "none", outs: { ...withDefaults(inputs), result: secret(result), bcryptHash } };
    },
  };
}

const useTheRealOne = "put the real random plugin on PATH or in PULUMI_HOME";
