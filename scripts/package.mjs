// Compiles the library for `npm pack` into dist/: cjs/ is what Node.js loads, with its types, and esm/ is what bundlers
// take instead, so that they leave out what is not imported. Nothing in them reads a file of the package at run time.
// cjs/provider/ is the library as a Pulumi provider, with its schema beside it.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const at = (path) => `${root}${path}`;

const textOf = (file) => readFileSync(at(file), "utf8");
const folderOf = (folder) =>
  Object.fromEntries(
    readdirSync(at(folder))
      .filter(isRuby)
      .map((file) => [file, textOf(`${folder}/${file}`)]),
  );
const isRuby = (file) => file.endsWith(".rb");

/** Modules that read files of this repository -> functions that they export, and the texts that take their place. */
const texts = {
  "components/fluentd/plugins/sources": { pluginSources: () => folderOf("components/fluentd/plugins") },
  "components/influxdb/bundles": {
    archiveBundle: () => textOf("dist/archive.js"),
    reconcileBundle: () => textOf("dist/reconcile.js"),
  },
};

const formats = {
  cjs: { options: [], exported: (name, value) => `exports.${name} = ${value};\n` },
  esm: {
    options: ["--module", "es2022", "--moduleResolution", "bundler", "--declaration", "false"],
    exported: (name, value) => `export const ${name} = ${value};\n`,
  },
};

for (const [format, { options, exported }] of Object.entries(formats)) {
  const folder = `dist/${format}`;
  rmSync(at(folder), { recursive: true, force: true });
  const arguments_ = ["node_modules/typescript/bin/tsc", "-p", "tsconfig.package.json", "--outDir", folder];
  execFileSync(process.execPath, [...arguments_, ...options], { cwd: root, stdio: "inherit" });
  for (const [module, functions] of Object.entries(texts)) {
    const target = at(`${folder}/${module}.js`);
    if (!existsSync(target))
      throw new Error(`${target} was not compiled: bring scripts/package.mjs up to date`);
    const written = Object.entries(functions).map(([name, text]) =>
      exported(name, `() => (${JSON.stringify(text())})`),
    );
    writeFileSync(target, written.join(""));
  }
}

// A provider is a program of Node.js: no bundler takes it.
rmSync(at("dist/esm/provider"), { recursive: true });
execFileSync(
  process.execPath,
  ["--import", "tsx", "scripts/providerSchema.ts", at("dist/cjs/provider/schema.json")],
  { cwd: root, stdio: "inherit" },
);
