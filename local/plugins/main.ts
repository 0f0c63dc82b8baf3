import { main } from "@pulumi/pulumi/provider/server";
import { devDependencies } from "../../package.json";
import { azureNative } from "./azureNative";
import { echoProvider } from "./echo";
import { grafana } from "./grafana";
import { randomProvider } from "./random";

// Serves the stand-in that the first argument names. The engine adds its own address.

/** The version of the SDK that the stand-in serves, marked in its build metadata. */
function version(sdk: keyof typeof devDependencies): string {
  return `${devDependencies[sdk]}+stand-in`;
}

const standIns = {
  "azure-native": () => echoProvider(azureNative, version("@pulumi/azure-native")),
  grafana: () => echoProvider(grafana, version("@lbrlabs/pulumi-grafana")),
  random: () => randomProvider(version("@pulumi/random")),
};

/** End with the engine, also when it was killed. */
function exitWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, 1000).unref();
}

const [name = "", ...args] = process.argv.slice(2);
const standIn = standIns[name as keyof typeof standIns];
if (standIn === undefined) throw new Error(`there is no stand-in for "${name}"`);
exitWithParent();
process.on("SIGINT", () => process.exit(0));
void main(standIn(), args);
