import { derived, type EchoPackage } from "./echo";
import type { Properties } from "./properties";

const echoUrl = "https://grafana.echo.invalid";

/** The uid that the author chose, for a dashboard inside its JSON. */
function chosenUid({ uid, configJson }: Properties): string | undefined {
  if (typeof uid === "string") return uid;
  if (typeof configJson !== "string") return undefined;
  return (JSON.parse(configJson) as { uid?: string }).uid;
}

/** An echo of a Grafana server. */
export const grafana: EchoPackage = {
  name: "grafana",
  service: "Grafana",
  replaceOn: ["uid", "orgId"],
  outputs({ urn }, inputs) {
    const uid = chosenUid(inputs) ?? derived(urn);
    return { id: uid, outputs: { uid, url: `${echoUrl}/${uid}` } };
  },
  functions: {},
};
