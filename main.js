// Entry point of the program. tsx strips the types; they are checked by `npm run typecheck`, not at each start. It is
// loaded here, since a Node host may ignore `typescript: false` and `nodeargs`, and then check all types each time.
require("tsx/cjs");
module.exports = require("./index.ts");
