import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Analyzer, InputOutput } from "@pulumi/pulumi/provider/experimental/analyzer";
import { generateSchema } from "@pulumi/pulumi/provider/experimental/schema";
import ts from "typescript";
import { repositoryRoot } from "../local/paths";
import { componentNames } from "../provider/provider";
import type { PropertySpec } from "../provider/schema";

type Property = PropertySpec & { optional?: boolean };

interface Context {
  component: string;
  property: string;
  inputOutput: InputOutput;
}

/** The inside of Pulumi's analysis that {@link extend} builds on. */
interface AnalyzerInternals {
  checker: ts.TypeChecker;
  typeDefinitions: Record<string, { name: string; type: "object"; properties: Record<string, Property> }>;
  analyzeSymbols(context: Context, symbols: ts.Symbol[]): Record<string, Property>;
  analyzeType(
    context: Context,
    type: ts.Type,
    location: ts.Node | undefined,
    optional?: boolean,
    description?: string,
  ): Property;
}

/**
 * The schema of the package for other languages, as Pulumi's own analysis reads it from the components' types and
 * docstrings.
 *
 * @throws Error naming the argument whose type has no counterpart in a schema
 */
export function providerSchema(): string {
  const { name, version, description } = JSON.parse(
    readFileSync(join(repositoryRoot, "package.json"), "utf8"),
  ) as Record<"name" | "version" | "description", string>;
  const analyzer = new Analyzer(
    join(repositoryRoot, "provider"),
    name,
    { main: "provider.js" },
    new Set(componentNames),
  );
  extend(analyzer as unknown as AnalyzerInternals, name);
  const { components, typeDefinitions, dependencies } = analyzer.analyze();
  const schema = generateSchema(name, version, description, components, typeDefinitions, dependencies);
  // Languages whose generated classes of arguments end in `Args` would say it twice.
  return `${JSON.stringify(schema, undefined, 2).replace(/(ds-monitoring:index:\w+)Args"/g, '$1"')}\n`;
}

/**
 * Adds what Pulumi's analysis of TypeScript does not read: unions, type literals, readonly arrays, and the defaults in
 * docstrings. Components as arguments are left out: other languages pass their names.
 */
function extend(analyzer: AnalyzerInternals, packageName: string): void {
  const { checker, typeDefinitions } = analyzer;
  const analyzeType = analyzer.analyzeType.bind(analyzer);

  const isResource = (type: ts.Type) => checker.getPropertyOfType(type, "urn") !== undefined;
  const isReadonlyArray = (type: ts.Type) => type.symbol?.name === "ReadonlyArray";
  const isLiteralObject = (type: ts.Type) =>
    (type.flags & ts.TypeFlags.Object) !== 0 &&
    !type.isClassOrInterface() &&
    !checker.isArrayType(type) &&
    !isOutput(type) &&
    checker.getIndexInfoOfType(type, ts.IndexKind.String) === undefined;

  /** The type T of an `Input<T>`, and what else a union allows. */
  const alternatives = (type: ts.UnionType): ts.Type[] => {
    const promised = type.types.find(isPromise);
    const [inner] = promised === undefined ? [] : checker.getTypeArguments(promised as ts.TypeReference);
    const ofInput = inner?.isUnion() ? [inner, ...inner.types] : [inner];
    const others = type.types.filter(
      (one) =>
        !ofInput.includes(one) &&
        !(promised !== undefined && (one === promised || isOutput(one))) &&
        !isResource(one) &&
        (one.flags & ts.TypeFlags.Undefined) === 0,
    );
    return inner === undefined ? others : [inner, ...others];
  };

  const define = (name: string, properties: Record<string, Property>): Property => {
    const other = typeDefinitions[name]?.properties ?? properties;
    if (JSON.stringify(other) !== JSON.stringify(properties)) {
      throw new Error(`two types of arguments would be named ${name}: give them names of their own`);
    }
    typeDefinitions[name] = { name, type: "object", properties };
    return { $ref: `#/types/${packageName}:index:${name}` };
  };

  /** One type for a union of objects, e.g. of `{ deploy }` and `{ existing }`. */
  const merged = (context: Context, types: readonly ts.Type[]): Property => {
    const symbols = new Map<string, ts.Symbol>();
    for (const symbol of types.flatMap((type) => checker.getPropertiesOfType(type))) {
      const isNever =
        (checker.getTypeOfSymbol(symbol).flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Never)) !== 0;
      if (!isNever) symbols.set(symbol.name, symbol);
    }
    const properties = analyzer.analyzeSymbols(context, [...symbols.values()]);
    for (const property of Object.values(properties)) property.optional = true;
    return define(`${capitalised(context.property)}Choice`, properties);
  };

  analyzer.analyzeSymbols = (context, symbols) => {
    const properties: Record<string, Property> = {};
    for (const symbol of symbols) {
      const declaration = symbol.valueDeclaration ?? symbol.declarations?.[0];
      const type = checker.getTypeOfSymbol(symbol);
      const modifiers = declaration === undefined ? 0 : ts.getCombinedModifierFlags(declaration);
      const isPrivate = (modifiers & ts.ModifierFlags.NonPublicAccessibilityModifier) !== 0;
      const isProperty = (symbol.flags & ts.SymbolFlags.Property) !== 0;
      if (!isProperty || isPrivate || isResource(type)) continue;
      const optional = (symbol.flags & ts.SymbolFlags.Optional) !== 0;
      properties[symbol.name] = analyzer.analyzeType(
        { ...context, property: symbol.name },
        type,
        declaration,
        optional,
        description(checker, symbol),
      );
    }
    return properties;
  };

  analyzer.analyzeType = (context, type, location, optional = false, text) => {
    const made = (property: Property, { inputOutput } = context): Property => ({
      ...property,
      ...(optional && { optional }),
      ...(inputOutput === InputOutput.Neither && { plain: true }),
      ...(text !== undefined && text !== "" && { description: text }),
    });
    if (isReadonlyArray(type)) {
      const [item] = checker.getTypeArguments(type as ts.TypeReference);
      if (item !== undefined) {
        return made({ type: "array", items: analyzer.analyzeType(context, item, location) });
      }
    }
    if (isLiteralObject(type)) {
      const symbol = isPartial(type) ? type.aliasTypeArguments?.[0]?.aliasSymbol : type.aliasSymbol;
      const properties = analyzer.analyzeSymbols(context, checker.getPropertiesOfType(type));
      return made(define(symbol?.name ?? capitalised(context.property), properties));
    }
    // A boolean is a union of its two literals.
    const isSimple = !type.isUnion() || (type.flags & ts.TypeFlags.Boolean) !== 0;
    if (isSimple) return analyzeType(context, type, location, optional, text);

    const isInput = type.types.some(isPromise);
    const inner = isInput ? { ...context, inputOutput: InputOutput.Input } : context;
    const types = alternatives(type);
    const [only] = types;
    if (only !== undefined && types.length === 1) {
      return analyzer.analyzeType(inner, only, location, optional, text);
    }
    if (types.every(isLiteralObject)) return made(merged(inner, types), inner);
    const isLiteral = (one: ts.Type) => (one.flags & ts.TypeFlags.Literal) !== 0;
    const [literal] = types.filter(isLiteral);
    const rest = types.filter((one) => !isLiteral(one));
    const oneOf = [...(literal ? [checker.getBaseTypeOfLiteralType(literal)] : []), ...rest].map((one) =>
      analyzer.analyzeType(inner, one, location),
    );
    const [onlyBase, ...more] = oneOf;
    return made(onlyBase && more.length === 0 ? onlyBase : { oneOf }, inner);
  };
}

function isPromise(type: ts.Type): boolean {
  return type.symbol?.name === "Promise";
}

function isPartial(type: ts.Type): boolean {
  return type.aliasSymbol?.name === "Partial";
}

function isOutput(type: ts.Type): boolean {
  return type.isIntersection() ? type.types.some(isOutput) : type.symbol?.name === "OutputInstance";
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** A property's docstring, with its default as a sentence. */
function description(checker: ts.TypeChecker, symbol: ts.Symbol): string {
  const text = ts
    .displayPartsToString(symbol.getDocumentationComment(checker))
    .replace(/\{@link (\w+)\}/g, "`$1`");
  const fallback = symbol.getJsDocTags(checker).find(({ name }) => name === "default");
  return fallback === undefined ? text : `${text} Default: ${ts.displayPartsToString(fallback.text)}.`;
}

if (require.main === module) {
  const [target] = process.argv.slice(2);
  if (target === undefined) throw new Error("say where to write the schema: providerSchema.ts FILE");
  writeFileSync(target, providerSchema());
}
