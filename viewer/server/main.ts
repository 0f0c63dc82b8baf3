/**
 * Stands in for Grafana where its image cannot be had: the same port, probes, provisioning files and variables.
 *
 * GF_PATHS_PROVISIONING (default /etc/grafana/provisioning), GF_SERVER_HTTP_ADDR (all), GF_SERVER_HTTP_PORT (3000),
 * GF_SECURITY_ADMIN_USER (admin), GF_SECURITY_ADMIN_PASSWORD.
 */
import { standInNotice } from "../page/page";
import { createViewer } from "./server";

const { env } = process;
const port = Number(env["GF_SERVER_HTTP_PORT"] ?? 3000);
const log = (line: string): void => console.log(`${new Date().toISOString()} ${line}`);

const server = createViewer({
  provisioning: env["GF_PATHS_PROVISIONING"] ?? "/etc/grafana/provisioning",
  environment: env,
  assets: __dirname,
  log,
});
server.listen(port, env["GF_SERVER_HTTP_ADDR"] ?? "", () => {
  log(`${standInNotice}, listens on port ${port}`);
  if ((env["GF_SECURITY_ADMIN_PASSWORD"] ?? "") === "")
    log("GF_SECURITY_ADMIN_PASSWORD is not set: nobody can sign in");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
