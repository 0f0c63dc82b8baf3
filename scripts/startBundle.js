// Starts a bundle with V8's cache of its compiled code: node startBundle.js BUNDLE ARGUMENTS... The first start writes the cache
// beside the bundle; `npm run build` removes it. From Node.js 22.8 on, module.enableCompileCache() does the same.
const { readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { dirname, resolve } = require("node:path");
const { Script } = require("node:vm");

process.argv.splice(1, 1);
const bundle = (process.argv[1] = resolve(process.argv[1]));
const cache = `${bundle}.cache`;

function cached() {
  try {
    return readFileSync(cache);
  } catch {
    return undefined;
  }
}

const cachedData = cached();
const script = new Script(Module.wrap(readFileSync(bundle, "utf8")), { filename: bundle, cachedData });
const main = new Module(bundle);
script.runInThisContext()(main.exports, Module.createRequire(bundle), main, bundle, dirname(bundle));
if (cachedData === undefined || script.cachedDataRejected) {
  // Once the bundle has run, the cache has its functions too. Several may write it at a time.
  setImmediate(() => {
    const written = `${cache}.${process.pid}`;
    try {
      writeFileSync(written, script.createCachedData());
      renameSync(written, cache);
    } catch {
      // Only slower: the folder can't be written.
    }
  });
}
