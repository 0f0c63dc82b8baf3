import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { downloadScript, uploadScript } from "../../../components/influxdb/objectStoreScripts";
import { type Finished, run } from "../../../local/processes";
import { resolveTool, ToolUnavailableError } from "../../../local/tools/resolve";

// The real rclone with a folder as its remote.

const newest = "2041-01-01T00-00-00Z";

describe("scripts of an object store", () => {
  let directory: string;
  let rclone: string | undefined;
  let missing = "";
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "ds-monitoring-object-store-"));
    rclone = await resolveTool("rclone").then(
      ({ path }) => path,
      (error: unknown) => {
        if (!(error instanceof ToolUnavailableError)) throw error;
        missing = error.message;
        return undefined;
      },
    );
    for (const name of ["2040-01-01T00-00-00Z", newest]) {
      await mkdir(join(directory, "upload", name), { recursive: true });
      await writeFile(join(directory, "upload", name, "0.tar.gz"), name);
      await writeFile(join(directory, "upload", name, "a.manifest"), "{}");
    }
  });
  after(() => rm(directory, { recursive: true, force: true }));

  /** A script with this folder of backups. */
  async function script(text: string, pod: string, more: Record<string, string> = {}): Promise<Finished> {
    await mkdir(join(directory, pod), { recursive: true });
    return run("sh", ["-c", text], {
      env: {
        PATH: [dirname(rclone ?? ""), process.env.PATH ?? ""].join(delimiter),
        BACKUP_DIRECTORY: join(directory, pod),
        BACKUP_BUCKET: join(directory, "store"),
        RCLONE_CONFIG: join(directory, "rclone.conf"),
        RCLONE_CONFIG_STORE_TYPE: "local",
        ...more,
      },
    });
  }

  const withRclone = (title: string, check: (t: TestContext) => Promise<void>) =>
    test(title, (t) => (rclone === undefined ? t.skip(missing) : check(t)));

  withRclone(
    "the newest backup is copied, again without a change, and never over another content",
    async () => {
      const first = await script(uploadScript, "upload");
      assert.equal(first.code, 0, first.stderr);
      assert.deepEqual(await readdir(join(directory, "store")), [newest]);
      assert.deepEqual((await readdir(join(directory, "store", newest))).sort(), ["0.tar.gz", "a.manifest"]);
      assert.equal((await script(uploadScript, "upload")).code, 0, "the same again");
      await writeFile(join(directory, "upload", newest, "0.tar.gz"), "another content");
      const changed = await script(uploadScript, "upload");
      assert.notEqual(changed.code, 0);
      assert.match(changed.stderr, /immutable/);
    },
  );

  withRclone("the newest whole backup comes back, not one whose upload was cut off", async () => {
    const cutOff = "2042-01-01T00-00-00Z";
    await mkdir(join(directory, "store", cutOff), { recursive: true });
    await writeFile(join(directory, "store", cutOff, "0.tar.gz"), "x");
    const download = await script(downloadScript, "download");
    assert.equal(download.stdout.trim(), `downloaded ${newest}`, download.stderr);
    assert.deepEqual((await readdir(join(directory, "download", newest))).sort(), ["0.tar.gz", "a.manifest"]);
    const named = await script(downloadScript, "named", { BACKUP_NAME: cutOff });
    assert.equal(named.code, 2);
    assert.match(named.stderr, new RegExp(`no whole backup ${cutOff} in .*; there are: ${newest}`));
  });

  withRclone("a store without a backup is said so", async () => {
    await mkdir(join(directory, "empty"), { recursive: true });
    const none = await script(downloadScript, "nothing", { BACKUP_BUCKET: join(directory, "empty") });
    assert.equal(none.code, 2);
    assert.match(none.stderr, /no whole backup at all in/);
  });
});
