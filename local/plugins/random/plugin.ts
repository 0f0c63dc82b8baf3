import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { hash } from "bcryptjs";
import { diffProperties } from "../propertyDiff";
import type {
  CheckFailure,
  CheckRequest,
  CheckResult,
  CreateRequest,
  DiffRequest,
  DiffResult,
  Plugin,
  ReadRequest,
  ReadResult,
} from "../server";
import { hasUnknowns, secret, withoutNulls, type Properties } from "../values";
import { checkCharacterRules, petName, randomString, shuffle, type CharacterRules } from "./generate";

/** How one type of the `random` package comes to its values. */
interface Kind {
  check?(inputs: Properties): CheckFailure | undefined;
  /** The id and the outputs beyond the inputs. */
  generate(inputs: Properties): Promise<{ id: string; outputs: Properties }>;
  /** Outputs that stay hidden whatever the author says. */
  secretOutputs?: readonly string[];
  /** What an imported value stands for. */
  adopt?(value: string): { id: string; inputs: Properties; outputs: Properties };
}

const bcryptRounds = 10;

const characterDefaults = {
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

function wholeNumber(inputs: Properties, property: string): CheckFailure | undefined {
  const value = inputs[property];
  if (typeof value === "number" && Number.isInteger(value) && value >= 1) return undefined;
  return { property, reason: `${String(value)} will not do: give a whole number of 1 or more` };
}

function characterRules(inputs: Properties): CharacterRules {
  const { number, numeric, ...rest } = inputs;
  // `number` is the deprecated name of `numeric`.
  return { ...rest, numeric: numeric ?? number } as CharacterRules;
}

/** UUID version 7 (RFC 9562): 48 bits of milliseconds, then randomness. */
function uuidV7(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function uuidKind(newUuid: () => string): Kind {
  return {
    generate: async () => {
      const result = newUuid();
      return { id: result, outputs: { result } };
    },
    adopt: (value) => ({ id: value, inputs: {}, outputs: { result: value } }),
  };
}

function idOutputs(bytes: Buffer, prefix: string): Properties {
  return {
    b64Std: prefix + bytes.toString("base64"),
    b64Url: prefix + bytes.toString("base64url"),
    hex: prefix + bytes.toString("hex"),
    dec: prefix + BigInt(`0x${bytes.toString("hex")}`).toString(),
  };
}

const kinds: Record<string, Kind> = {
  RandomPassword: {
    check: (inputs) => checkCharacterRules(characterRules(inputs)),
    secretOutputs: ["result", "bcryptHash"],
    generate: async (inputs) => {
      const result = randomString(characterRules(inputs));
      return {
        id: "none",
        outputs: { ...characterDefaults, result, bcryptHash: await hash(result, bcryptRounds) },
      };
    },
  },
  RandomString: {
    check: (inputs) => checkCharacterRules(characterRules(inputs)),
    generate: async (inputs) => {
      const result = randomString(characterRules(inputs));
      return { id: result, outputs: { ...characterDefaults, result } };
    },
    adopt: (value) => {
      const inputs = { length: value.length };
      return { id: value, inputs, outputs: { ...characterDefaults, result: value } };
    },
  },
  RandomId: {
    check: (inputs) => wholeNumber(inputs, "byteLength"),
    generate: async ({ byteLength, prefix = "" }) => {
      const bytes = randomBytes(byteLength as number);
      return { id: bytes.toString("base64url"), outputs: idOutputs(bytes, prefix as string) };
    },
  },
  RandomBytes: {
    check: (inputs) => wholeNumber(inputs, "length"),
    secretOutputs: ["base64", "hex"],
    generate: async ({ length }) => {
      const bytes = randomBytes(length as number);
      return { id: "none", outputs: { base64: bytes.toString("base64"), hex: bytes.toString("hex") } };
    },
  },
  RandomUuid: uuidKind(randomUUID),
  RandomUuid4: uuidKind(randomUUID),
  RandomUuid7: uuidKind(uuidV7),
  RandomInteger: {
    check: ({ min, max }) =>
      (min as number) <= (max as number)
        ? undefined
        : { property: "max", reason: `${String(max)} is less than min (${String(min)}): raise it` },
    generate: async ({ min, max }) => {
      const result = randomInt(min as number, (max as number) + 1);
      return { id: String(result), outputs: { result } };
    },
  },
  RandomPet: {
    check: (inputs) => (inputs.length === undefined ? undefined : wholeNumber(inputs, "length")),
    generate: async ({ length = 2, separator = "-", prefix }) => ({
      id: petName(length as number, separator as string, prefix as string | undefined),
      outputs: { length, separator },
    }),
  },
  RandomShuffle: {
    generate: async ({ inputs, resultCount }) => {
      const items = inputs as string[];
      const count = (resultCount as number | undefined) ?? items.length;
      // More results than items: further shuffles follow, as in the real plugin.
      const rounds = items.length === 0 ? 0 : Math.ceil(count / items.length);
      const results = Array.from({ length: rounds }, () => shuffle(items)).flat();
      return { id: "-", outputs: { results: results.slice(0, count) } };
    },
  },
};

function kindOf(type: string): Kind {
  const kind = kinds[type.split(":").at(-1) ?? ""];
  if (!kind) throw new Error(`the stand-in for random has no ${type}, only ${Object.keys(kinds).join(", ")}`);
  return kind;
}

function hide(state: Properties, secretOutputs: readonly string[] = []): Properties {
  return Object.fromEntries(
    Object.entries(state).map(([key, value]) => [key, secretOutputs.includes(key) ? secret(value) : value]),
  );
}

/** A stand-in for the `random` plugin: values come from the operating system and stay in the state. */
export class RandomPlugin implements Plugin {
  constructor(readonly version: string) {}

  async check({ type, news }: CheckRequest): Promise<CheckResult> {
    const inputs = withoutNulls(news);
    if (inputs.seed !== undefined) {
      const reason =
        "the stand-in cannot repeat the real plugin's pseudo-random sequence: leave the seed out";
      return { inputs, failures: [{ property: "seed", reason }] };
    }
    const rules = { ...inputs };
    delete rules.keepers;
    const failure = hasUnknowns(rules) ? undefined : kindOf(type).check?.(rules);
    return { inputs, failures: failure ? [failure] : [] };
  }

  async diff({ oldInputs, inputs }: DiffRequest): Promise<DiffResult> {
    const changes = diffProperties(oldInputs, inputs);
    return { changes, replaces: changes.map(({ path }) => path) };
  }

  async create({ type, inputs, preview }: CreateRequest): Promise<{ id: string; state: Properties }> {
    // What a preview leaves out, the program sees as unknown.
    if (preview) return { id: "", state: inputs };
    const { generate, secretOutputs } = kindOf(type);
    const { id, outputs } = await generate(inputs);
    return { id, state: hide({ ...outputs, ...inputs }, secretOutputs) };
  }

  async update(): Promise<Properties> {
    throw new Error("a random value is never updated: every change of its inputs replaces it");
  }

  async read({ id, type, state, inputs }: ReadRequest): Promise<ReadResult> {
    const { adopt, secretOutputs } = kindOf(type);
    if (Object.keys(state).length > 0) return { id, state: hide(state, secretOutputs), inputs };
    if (!adopt) throw new Error(`the stand-in for random cannot import a ${type}`);
    const { outputs, ...adopted } = adopt(id);
    return { ...adopted, state: { ...outputs, ...adopted.inputs } };
  }

  async delete(): Promise<void> {
    // The value lives in the state only, which the engine clears.
  }
}
