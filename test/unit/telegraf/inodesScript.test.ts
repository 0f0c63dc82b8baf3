import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { inodesScript } from "../../../components/telegraf/inodesScript";
import { run } from "../../../local/processes";

const address = (type: string, value: string) => ({ type, address: value });
const nodes = {
  kind: "NodeList",
  items: [
    { status: { addresses: [address("Hostname", "node-1"), address("InternalIP", "10.0.0.4")] } },
    { status: { addresses: [address("InternalIP", "fd00::5"), address("ExternalIP", "192.0.2.1")] } },
    { status: { addresses: [address("InternalIP", "10.0.0.6")] } },
  ],
};
const inodes = (claim: string): string =>
  `kubelet_volume_stats_inodes{namespace="a",persistentvolumeclaim="${claim}"} 100`;

describe("the script that reads inodes, with answers of the API server and of kubelets", () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-inodes-"));
    // Answers with the file that is called as the URL is, and remembers its standard input, which holds the token.
    await writeFile(
      join(directory, "curl"),
      `#!/bin/sh\ncat >> ${directory}/headers; for url; do :; done\nexec cat "${directory}/$(echo "$url" | tr -c 'a-z0-9\\n' _)"\n`,
    );
    await chmod(join(directory, "curl"), 0o755);
    await writeFile(join(directory, "token"), "the-token");
    await writeFile(join(directory, "inodes.sh"), inodesScript);
  });
  after(() => rm(directory, { recursive: true, force: true }));

  const answer = (url: string, text: string) =>
    writeFile(join(directory, url.replaceAll(/[^a-z0-9]/g, "_")), text);
  const read = (...args: string[]) =>
    run("sh", [join(directory, "inodes.sh"), join(directory, "token"), ...args], {
      env: { PATH: `${directory}:${process.env.PATH ?? ""}` },
    });

  for (const [layout, spaces] of [
    ["compact", undefined],
    ["pretty, as the API server writes it for curl", 2],
  ] as const) {
    it(`asks each node's kubelet (${layout}), and leaves out those that do not answer`, async () => {
      await answer("https://kubernetes.default.svc/api/v1/nodes", JSON.stringify(nodes, undefined, spaces));
      await answer(
        "https://10.0.0.4:10250/metrics",
        `# TYPE x gauge\n${inodes("one")}\nkubelet_running_pods 3\n`,
      );
      await answer(
        "https://[fd00::5]:10250/metrics",
        `${inodes("two")}\nkubelet_volume_stats_inodes_free{} 1\n`,
      );
      const { code, stdout } = await read();
      assert.deepEqual(stdout.trim().split("\n"), [inodes("one"), inodes("two")]);
      assert.equal(code, 0);
      assert.match(
        await readFile(join(directory, "headers"), "utf8"),
        /^(Authorization: Bearer the-token)+$/,
      );
    });
  }

  it("prints nothing where no volume is claimed, and fails where no kubelet answers", async () => {
    await answer("http://one/metrics", "kubelet_running_pods 3\n");
    const { code, stdout } = await read("http://one");
    assert.deepEqual([code, stdout], [0, ""]);
    assert.equal((await read("http://away")).code, 1);
  });
});
