import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../package.json";

/** What an app is: a model behind HTTP, or any program that writes text logs. */
export const appKinds = ["model-api", "text-logs"] as const;

/** One of {@link appKinds}. */
export type AppKind = (typeof appKinds)[number];

/** What {@link newAppFiles} needs to know. */
export interface NewAppOptions {
  /** Name of the app and of its Pulumi project, a DNS label. */
  name: string;
  /** The platform's stack, as `organization/project/stack`. */
  platform: string;
  /** @default "model-api" */
  kind?: AppKind;
  /** What npm installs as `ds-monitoring`. @default this version */
  library?: string;
}

const modelApi = ({ name, platform }: NewAppOptions): string => `\
import { ModelApi, Monitoring } from "ds-monitoring";

const api = new ModelApi("${name}", {
  image: "registry.example.com/${name}:1.0.0",
  model: { name: "${name}", version: "1.0.0" },
  monitoring: Monitoring.fromStack("${platform}"),
});
export const url = api.url;
`;

const textLogs = ({ name, platform }: NewAppOptions): string => `\
import { Deployment } from "@pulumi/kubernetes/apps/v1";
import * as ds from "ds-monitoring";

const monitoring = ds.Monitoring.fromStack("${platform}");
const namespace = new ds.AppNamespace("${name}", { monitoring });
const regexp = "^(?<time>\\\\S+) (?<level>\\\\w+) (?<body>[\\\\s\\\\S]*)$";
const samples = ["2026-01-05T10:00:00Z WARN queue is full\\n  at worker 3"];
const logs = [{ format: { regexp, multilineStart: "^\\\\d{4}-", samples } }];
const logging = new ds.Logging("${name}-logging", { monitoring, namespace, service: "${name}", logs });
const container = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
const app = { name: "app", image: "registry.example.com/${name}:1.0.0", securityContext: container };
const securityContext = { runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001, seccompProfile: { type: "RuntimeDefault" } };
const template = { metadata: { labels: { app: "${name}" } }, spec: ds.withLogging({ containers: [app], securityContext }, logging) };
const spec = { selector: { matchLabels: { app: "${name}" } }, template };
new Deployment("${name}", { metadata: { namespace: namespace.namespaceName }, spec });
`;

const programs: Record<AppKind, (options: NewAppOptions) => string> = {
  "model-api": modelApi,
  "text-logs": textLogs,
};

/**
 * The files of a new app's Pulumi project, by their paths. Pure.
 *
 * @throws Error when the name or the platform's stack can't be used
 */
export function newAppFiles(options: NewAppOptions): Record<string, string> {
  const { name, platform, kind = "model-api", library = manifest.version } = options;
  if (!/^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$/.test(name)) {
    throw new Error(
      `name "${name}" must be a DNS label of at most 52 characters, e.g. "churn": letters, digits and "-"`,
    );
  }
  if (!/^[\w.-]+\/[\w.-]+\/[\w.-]+$/.test(platform)) {
    throw new Error(
      `platform "${platform}" must name a stack as organization/project/stack, e.g. acme/ds-monitoring/prod`,
    );
  }
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    "Pulumi.yaml": `name: ${name}\nruntime: nodejs\ndescription: ${name}, monitored by ds-monitoring\n`,
    "Pulumi.dev.yaml":
      "# The cluster is that of KUBECONFIG; another context: kubernetes:context: NAME\nconfig: {}\n",
    "package.json": json({
      name,
      private: true,
      main: "index.ts",
      dependencies: {
        "@pulumi/kubernetes": manifest.peerDependencies["@pulumi/kubernetes"],
        "@pulumi/pulumi": manifest.peerDependencies["@pulumi/pulumi"],
        "@pulumi/random": manifest.peerDependencies["@pulumi/random"],
        "ds-monitoring": library,
      },
      devDependencies: {
        "@types/node": manifest.devDependencies["@types/node"],
        typescript: manifest.devDependencies.typescript,
      },
    }),
    "tsconfig.json": json({
      compilerOptions: {
        target: "es2022",
        module: "commonjs",
        moduleResolution: "node",
        strict: true,
        skipLibCheck: true,
        noEmit: true,
        types: ["node"],
      },
      files: ["index.ts"],
    }),
    "index.ts": programs[kind](options),
    "README.md": readme(name, platform),
    ".gitignore": "node_modules/\n",
  };
}

function readme(name: string, platform: string): string {
  return `# ${name}

The Pulumi stack of ${name}. Its logs, metrics, dashboards and alerts come from the platform \`${platform}\`.

\`\`\`sh
npm install
pulumi stack init dev
pulumi up
\`\`\`

The app writes its log files to \`$LOG_DIR\`. \`npx ds-monitoring check-logs FILE\` says how a file will be read.
`;
}

/**
 * Writes {@link newAppFiles} into a folder.
 *
 * @throws Error when the folder holds anything
 */
export function writeNewApp(folder: string, options: NewAppOptions): string[] {
  const files = newAppFiles(options);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new Error(`${folder} is not empty: name a new folder`);
  }
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return Object.keys(files);
}
