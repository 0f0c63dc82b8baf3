import Ajv from "ajv";
import schema from "./schema.json";

/** Checks a stack's config. To compile it takes longer than all other checks, so the bundle holds it compiled (scripts/build.mjs). */
export const validate = new Ajv({ strict: false, verbose: true }).compile(schema);
