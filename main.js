// Entry point of the program: its bundle, where `npm run build` made one of the very sources, or else the sources. tsx strips
// their types; they are checked by `npm run typecheck`, not at each start. It is loaded here, since a Node host may ignore
// `typescript: false` and `nodeargs`, and then check all types each time.
const { statSync } = require("node:fs");
const { join } = require("node:path");

function isCurrent(bundle, sources) {
  try {
    const built = statSync(bundle).mtimeMs;
    return require(sources).every((path) => statSync(join(__dirname, path)).mtimeMs <= built);
  } catch {
    return false;
  }
}

// What of the SDK drives other stacks and serializes functions takes most of the time in which the SDK loads. This program does
// neither; take a line away to use it (scripts/build.mjs leaves the same out of the policies and the stand-in plugins).
for (const unused of ["automation/index.js", "runtime/closure/codePaths.js", "typescript-shim.js"]) {
  const file = require.resolve(`@pulumi/pulumi/${unused}`);
  require.cache[file] ??= Object.assign(new module.constructor(file), { loaded: true });
}

const bundle = join(__dirname, "dist", "program.js");
if (isCurrent(bundle, join(__dirname, "dist", "program.sources.json"))) {
  // The SDK reads the stack of each promise and resource that it makes, by an error without a message, which takes a fifth of
  // the time. In a bundle it says nothing of the sources.
  Error.prepareStackTrace = (error, frames) =>
    error.message === "" ? String(error) : [error, ...frames].join("\n    at ");
  module.exports = require(bundle);
} else {
  require("tsx/cjs");
  module.exports = require("./index.ts");
}
