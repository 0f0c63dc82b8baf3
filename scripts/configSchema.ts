import { join } from "node:path";
import ts from "typescript";
import { entriesOf, kindsByKey, kindsByType, type Schema } from "../config/kinds";
import { repositoryRoot } from "../local/paths";

/**
 * The schema of a stack's config, from the types and docs of `StackConfig` and all arguments in it. What the types can't
 * say, such as the form of a quantity, comes from `kindsByKey`.
 *
 * @throws Error on a type that no config can hold, and on a key of `kindsByKey` that no argument has
 */
export function configSchema(): Schema {
  const file = join(repositoryRoot, "config", "stackConfig.ts");
  const { config } = ts.readConfigFile(join(repositoryRoot, "tsconfig.json"), (path) =>
    ts.sys.readFile(path),
  ) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, repositoryRoot);
  const program = ts.createProgram([file], options);
  const declaration = program.getSourceFile(file)?.statements.find((node) => {
    return ts.isInterfaceDeclaration(node) && node.name.text === "StackConfig";
  });
  if (declaration === undefined) throw new Error(`${file} declares no StackConfig`);
  const walker = new SchemaWalker(program.getTypeChecker());
  const schema = walker.schemaOf(walker.checker.getTypeAtLocation(declaration), "StackConfig", undefined);
  const unused = Object.keys(kindsByKey).find((key) => !walker.usedKinds.has(key));
  if (unused !== undefined) throw new Error(`kindsByKey.${unused}: no argument has this name; remove it`);
  return schema;
}

class SchemaWalker {
  readonly usedKinds = new Set<string>();

  constructor(readonly checker: ts.TypeChecker) {}

  /** @param kind what `kindsByKey` says of the leaves */
  schemaOf(type: ts.Type, path: string, kind: Schema | undefined): Schema {
    const members = (type.isUnion() ? type.types : [type]).filter((member) => isPlain(member));
    const [first] = members;
    if (first === undefined)
      throw new Error(`${path}: a config can't hold ${this.checker.typeToString(type)}`);
    if (members.every((member) => member.isStringLiteral())) {
      const words = members.map((member) => (member as ts.StringLiteralType).value);
      const allowed = words.map((word) => `"${word}"`).join(", ");
      return { type: "string", enum: words, allowed, example: words[0] };
    }
    if (first.flags & ts.TypeFlags.BooleanLike) return kindsByType.boolean;
    if (first.flags & ts.TypeFlags.NumberLike) return kind ?? kindsByType.number;
    if (first.flags & ts.TypeFlags.StringLike) return kind ?? kindsByType.string;
    if (this.checker.isArrayType(first)) {
      const [entry] = this.checker.getTypeArguments(first as ts.TypeReference);
      const items = this.schemaOf(entry as ts.Type, `${path}[]`, kind);
      const example = `[${items.example}]`;
      if (kind === undefined)
        return { type: "array", items, allowed: `a list of: ${items.allowed}`, example };
      return {
        type: "array",
        items,
        minItems: 1,
        allowed: `a list of at least one of: ${items.allowed}`,
        example,
      };
    }
    const index = this.checker.getIndexTypeOfType(first, ts.IndexKind.String);
    if (index === undefined) return this.objectOf(members, path, kind);
    const entries = this.schemaOf(index, `${path}.*`, kind);
    const allowed = `a mapping of names, each to ${entries.allowed}`;
    const example = `{ name: ${entries.example} }`;
    return { type: "object", minProperties: 1, additionalProperties: entries, allowed, example };
  }

  /** One object type, or the two of which a part is either deployed or exists. */
  private objectOf(types: ts.Type[], path: string, kind: Schema | undefined): Schema {
    const declared = types.flatMap((type) => this.checker.getPropertiesOfType(type));
    const properties: Record<string, Schema> = {};
    for (const symbol of declared) {
      const type = this.checker.getNonNullableType(this.checker.getTypeOfSymbol(symbol));
      if (type.flags & ts.TypeFlags.Never) continue;
      properties[symbol.name] = this.propertyOf(symbol, type, `${path}.${symbol.name}`, kind);
    }
    const keys = Object.keys(properties);
    const isChoice = types.length > 1;
    const isRequired = (key: string) =>
      declared.some(({ name, flags }) => name === key && !(flags & ts.SymbolFlags.Optional));
    const required = isChoice ? [] : keys.filter(isRequired);
    const shown = (isChoice ? keys.slice(0, 1) : required).map(
      (key) => `${key}: ${properties[key]?.example}`,
    );
    return {
      ...{ type: "object", properties, required, additionalProperties: false },
      ...(isChoice && { minProperties: 1, maxProperties: 1 }),
      allowed: `a mapping of ${keys.join(", ")}`,
      example: shown.length === 0 ? "{}" : `{ ${shown.join(", ")} }`,
    };
  }

  private propertyOf(symbol: ts.Symbol, type: ts.Type, path: string, inherited: Schema | undefined): Schema {
    const kind = kindsByKey[symbol.name] ?? inherited;
    if (symbol.name in kindsByKey) this.usedKinds.add(symbol.name);
    const docs = ts.displayPartsToString(symbol.getDocumentationComment(this.checker)).replace(/\s+/g, " ");
    const tag = symbol.getJsDocTags(this.checker).find(({ name }) => name === "default");
    return {
      ...this.schemaOf(type, path, kind),
      description: docs.replace(secretSentence, "").replace(/\{@link (\w+)\}/g, "`$1`"),
      ...(tag && { defaultText: ts.displayPartsToString(tag.text).replace(/\s+/g, " ") }),
      ...(secretSentence.test(docs) && { secret: true, allowed: "a secret", example: '{ secure: "…" }' }),
    };
  }
}

/** With this sentence the docs of an argument end when it is a secret. */
const secretSentence = /(?<=\.\)?) Secret\.$/;

/** Whether a config can hold it; of a `pulumi.Input<T>` that is `T` itself. */
function isPlain(type: ts.Type): boolean {
  const isEmpty = (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) !== 0;
  return !isEmpty && !type.isIntersection() && !["Promise", "OutputInstance"].includes(type.symbol?.name);
}

/** The schema as a stack's config is checked against it: a change of an argument's docs doesn't touch it. */
export function withoutDocs(schema: Schema): Schema {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) =>
      ["description", "defaultText"].includes(key) && typeof value === "string" ? undefined : value,
    ),
  ) as Schema;
}

/** For docs/configuration.md: a table of every key. */
export function configTables(schema: Schema): string {
  const sections = Object.entries(schema.properties ?? {}).map(([key, section]) => {
    const rows = rowsOf(section, "");
    const table = ["| key | value | default | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
    return `## ds-monitoring:${key}\n\n${section.description}\n\n${table}\n`;
  });
  return sections.join("\n");
}

/** Rows of the keys below a mapping, each after the mapping that holds it. */
function rowsOf(schema: Schema, prefix: string): string[] {
  const entry = schema.items ?? entriesOf(schema);
  const inside = schema.items ? "[]" : ".*";
  if (entry) return entry.properties ? rowsOf(entry, `${prefix.replace(/\.$/, "")}${inside}.`) : [];
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const isMapping = (value.items ?? entriesOf(value) ?? value).properties;
    const example = value.enum || value.type === "boolean" ? "" : `, e.g. \`${value.example}\``;
    const kind = isMapping ? "" : `${value.allowed}${example}`;
    const standard = schema.required?.includes(key) ? "**required**" : (value.defaultText ?? "");
    const cells = [`\`${prefix}${key}\``, kind, standard, value.description ?? ""];
    return [
      `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`,
      ...rowsOf(value, `${prefix}${key}.`),
    ];
  });
}
