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

const bundle = join(__dirname, "dist", "program.js");
if (isCurrent(bundle, join(__dirname, "dist", "program.sources.json"))) {
  // The SDK reads the stack of each promise that it makes, and its host maps each line of it by source maps: a fifth of the time.
  Error.prepareStackTrace = undefined;
  module.exports = require(bundle);
} else {
  require("tsx/cjs");
  module.exports = require("./index.ts");
}
