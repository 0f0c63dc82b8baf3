import { Fixture } from "./test/engine/harness";
(async () => {
  const f = await Fixture.start({ cluster: false });
  try {
    const e = await f.stack({ stack: process.argv[2] ?? "dev" });
    const t = Date.now();
    const r = await e.preview({ policyPacks: ["policies/launch"], policyPackConfigs: process.argv[3] ? [process.argv[3]] : ["/tmp/az/toy/cost.json"], onOutput: (x) => process.stdout.write(x) });
    console.log(r.code, Date.now() - t, r.changes, r.steps.length);
  } finally { await f.stop(); }
})();
