import { randomInt } from "node:crypto";

/** Which characters a random string is made of. Counts are in characters. */
export interface CharacterRules {
  /** 1 or more, and no less than the sum of the minima. */
  length: number;
  lower?: boolean;
  upper?: boolean;
  numeric?: boolean;
  special?: boolean;
  minLower?: number;
  minUpper?: number;
  minNumeric?: number;
  minSpecial?: number;
  /** Special characters to use in place of the default ones. */
  overrideSpecial?: string;
}

const lowerCaseLetters = "abcdefghijklmnopqrstuvwxyz";
const upperCaseLetters = lowerCaseLetters.toUpperCase();
const digits = "0123456789";
// The default of the real plugin.
const specialCharacters = "!@#$%&*()-_=+[]{}<>:?";

/** Says what is wrong with the rules and how to fix it; `undefined` when they can be met. */
export function checkCharacterRules(rules: CharacterRules): { property: string; reason: string } | undefined {
  const { minLower = 0, minUpper = 0, minNumeric = 0, minSpecial = 0 } = rules;
  const minima = minLower + minUpper + minNumeric + minSpecial;
  if (!Number.isInteger(rules.length) || rules.length < 1) {
    return { property: "length", reason: `${rules.length} is no length: give a whole number of 1 or more` };
  }
  if (rules.length < minima) {
    return {
      property: "length",
      reason: `${rules.length} is less than minLower + minUpper + minNumeric + minSpecial (${minima}): raise it`,
    };
  }
  if (characterClasses(rules).length === 0) {
    return {
      property: "length",
      reason: "no characters to choose from: allow lower, upper, numeric or special",
    };
  }
  return undefined;
}

function characterClasses(rules: CharacterRules): { characters: string; minimum: number }[] {
  const { lower = true, upper = true, numeric = true, special = true, overrideSpecial } = rules;
  const { minLower = 0, minUpper = 0, minNumeric = 0, minSpecial = 0 } = rules;
  // As in the real plugin, a minimum is kept even of a class that is switched off.
  return [
    { characters: lowerCaseLetters, allowed: lower, minimum: minLower },
    { characters: upperCaseLetters, allowed: upper, minimum: minUpper },
    { characters: digits, allowed: numeric, minimum: minNumeric },
    { characters: overrideSpecial ?? specialCharacters, allowed: special, minimum: minSpecial },
  ].filter(({ characters, allowed, minimum }) => characters !== "" && (allowed || minimum > 0));
}

function pick(characters: string): string {
  return characters.charAt(randomInt(characters.length));
}

/** The items in a random order (Fisher and Yates), from the operating system's randomness. */
export function shuffle<T>(items: readonly T[]): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const chosen = randomInt(last + 1);
    [shuffled[last], shuffled[chosen]] = [shuffled[chosen] as T, shuffled[last] as T];
  }
  return shuffled;
}

/** A string that meets the rules, from the operating system's randomness. Check the rules first. */
export function randomString(rules: CharacterRules): string {
  const classes = characterClasses(rules);
  const required = classes.flatMap(({ characters, minimum }) =>
    Array.from({ length: minimum }, () => pick(characters)),
  );
  const all = classes.map(({ characters }) => characters).join("");
  const free = Array.from({ length: rules.length - required.length }, () => pick(all));
  return shuffle([...required, ...free]).join("");
}

const adverbs =
  "barely boldly briskly calmly duly early evenly firmly fully gently gladly happily kindly lately lightly mildly " +
  "neatly openly partly promptly quickly quietly rapidly rarely safely simply slowly softly steadily swiftly warmly";
const adjectives =
  "able brave bright calm clean clever cool crisp curious eager fair fast fine fresh gentle glad golden grand happy " +
  "keen kind light lively lucky merry modest neat nimble noble polite proud quick quiet ready smart steady tidy wise";
const animals =
  "ant badger bat bear beaver bee bison camel cat crab crane crow deer dove duck eagle eel elk falcon ferret finch " +
  "fox frog gecko goose gull hare hawk heron horse ibex jay koala lark lemur lion lizard lynx magpie mole moose moth " +
  "mouse newt otter owl panda parrot pigeon puffin puma quail rabbit raven robin salmon seal snail sparrow squid " +
  "stork swan tiger toad trout turtle vole walrus weasel whale wolf wombat wren yak zebra";

/** A name of `length` words: adverbs, then an adjective, then an animal. */
export function petName(length: number, separator: string, prefix?: string): string {
  const word = (words: string) => {
    const list = words.split(" ");
    return list[randomInt(list.length)] as string;
  };
  const words = Array.from({ length }, (_, index) => {
    if (index === length - 1) return word(animals);
    return word(index === length - 2 ? adjectives : adverbs);
  });
  return [...(prefix ? [prefix] : []), ...words].join(separator);
}
