/** The programs that a local run or a test may need. */
export type ToolName =
  | "actionlint"
  | "alertmanager"
  | "amtool"
  | "etcd"
  | "fluentd"
  | "influx"
  | "influxd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubectl"
  | "kwok"
  | "kwokctl"
  | "pkg-config"
  | "pulumi"
  | "pulumi-gen-sdk"
  | "pulumi-language-nodejs"
  | "pulumi-language-python"
  | "pulumi-language-yaml"
  | "telegraf";

/** How a tool is compiled from a pinned Go module. */
export interface GoBuild {
  /** Folder under local/tools/ whose go.mod and go.sum pin the sources. */
  folder: string;
  /** Package to build; `.` for our own program in that folder. */
  package: string;
  /** Files of the module `versionedBy` that the program needs beside itself, by their path in the module. */
  besideIt?: readonly string[];
  /** Module in go.mod whose version is the tool's. */
  versionedBy: string;
  /** Go variables that are set to that version (with its `v`), so that the tool can report it. */
  versionVariables?: readonly string[];
  /** Build tags. */
  tags?: readonly string[];
  /** Extra environment of the build. */
  env?: Readonly<Record<string, string>>;
  /** Tools whose folders come first on PATH while building. */
  needsTools?: readonly ToolName[];
  /** Other programs that the build runs, with the way to get them. */
  needsPrograms?: Readonly<Record<string, string>>;
  /** Roughly how long a first build takes on two cores, in seconds; only told to the user. */
  seconds: number;
}

/** Versions that fit: `[major, minor]` from `minimum` up to, and without, `below`. */
export interface VersionRange {
  minimum: readonly [number, number];
  below: readonly [number, number];
}

export interface Tool {
  name: ToolName;
  /** What it is for, in a few words. */
  purpose: string;
  /** Whether one found on PATH may be used. `version` absent: any version fits. */
  onPath?: { versionArgs?: readonly string[]; range?: VersionRange };
  /** Absent: the tool comes from PATH only; `install` says how to get it. */
  build?: GoBuild;
  install?: string;
}

const kubernetesVersion = {
  versionedBy: "k8s.io/kubernetes",
  versionVariables: ["k8s.io/component-base/version.gitVersion"],
};
// All parts of the control plane come from one minor version; a mixture is not supported upstream.
const kubernetesOnPath = {
  versionArgs: ["--version"],
  range: { minimum: [1, 34], below: [1, 35] },
} as const;

const tools: readonly Tool[] = [
  {
    name: "pulumi",
    purpose: "the Pulumi engine and command line",
    onPath: { versionArgs: ["version"], range: { minimum: [3, 150], below: [4, 0] } },
    build: {
      folder: "pulumi",
      package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      versionedBy: "github.com/pulumi/pulumi/sdk/v3",
      versionVariables: ["github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"],
      seconds: 260,
    },
  },
  {
    name: "pulumi-language-nodejs",
    purpose: "the engine's host for programs on Node.js",
    onPath: {},
    build: {
      folder: "pulumi-language-nodejs",
      package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
      versionedBy: "github.com/pulumi/pulumi/sdk/v3",
      seconds: 40,
    },
  },
  {
    name: "pulumi-language-python",
    purpose: "the engine's host for programs in Python",
    onPath: {},
    build: {
      folder: "pulumi-language-python",
      package: "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
      besideIt: ["python/cmd/pulumi-language-python-exec"],
      versionedBy: "github.com/pulumi/pulumi/sdk/v3",
      seconds: 40,
    },
  },
  {
    name: "pulumi-gen-sdk",
    purpose: "writes the SDK of a package for programs in Python",
    build: {
      folder: "pulumi-gen-sdk",
      package: ".",
      versionedBy: "github.com/pulumi/pulumi/pkg/v3",
      seconds: 30,
    },
  },
  {
    name: "pulumi-language-yaml",
    purpose: "the engine's host for programs in YAML",
    onPath: {},
    build: {
      folder: "pulumi-language-yaml",
      package: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
      versionedBy: "github.com/pulumi/pulumi-yaml",
      seconds: 60,
    },
  },
  {
    name: "etcd",
    purpose: "storage of the embedded Kubernetes control plane",
    onPath: { versionArgs: ["--version"], range: { minimum: [3, 5], below: [4, 0] } },
    build: {
      folder: "etcd",
      package: "go.etcd.io/etcd/server/v3",
      versionedBy: "go.etcd.io/etcd/server/v3",
      seconds: 25,
    },
  },
  ...(["kwok", "kwokctl"] as const).map((name): Tool => ({
    name,
    purpose: name === "kwok" ? "simulated nodes" : "starts and stops the embedded control plane",
    onPath: { versionArgs: ["--version"], range: { minimum: [0, 7], below: [1, 0] } },
    build: {
      folder: "kwok",
      package: `sigs.k8s.io/kwok/cmd/${name}`,
      versionedBy: "sigs.k8s.io/kwok",
      seconds: name === "kwok" ? 80 : 15,
    },
  })),
  ...(["kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const).map((name): Tool => ({
    name,
    purpose: "part of the embedded Kubernetes control plane",
    onPath: kubernetesOnPath,
    build: {
      folder: "kubernetes",
      package: `k8s.io/kubernetes/cmd/${name}`,
      ...kubernetesVersion,
      seconds: { "kube-apiserver": 190, "kube-controller-manager": 60, "kube-scheduler": 10 }[name],
    },
  })),
  {
    name: "kubectl",
    purpose: "runs the commands of docs/operations.md on the embedded cluster",
    onPath: { versionArgs: ["version", "--client"], range: { minimum: [1, 30], below: [2, 0] } },
    build: {
      folder: "kubectl",
      package: "k8s.io/kubernetes/cmd/kubectl",
      ...kubernetesVersion,
      seconds: 40,
    },
  },
  ...(["alertmanager", "amtool"] as const).map((name): Tool => ({
    name,
    purpose: name === "alertmanager" ? "groups alerts and sends mail" : "checks Alertmanager configuration",
    onPath: { versionArgs: ["--version"], range: { minimum: [0, 27], below: [1, 0] } },
    build: {
      folder: "alertmanager",
      package: `github.com/prometheus/alertmanager/cmd/${name}`,
      versionedBy: "github.com/prometheus/alertmanager",
      versionVariables: ["github.com/prometheus/common/version.Version"],
      seconds: name === "alertmanager" ? 35 : 5,
    },
  })),
  {
    name: "actionlint",
    purpose: "checks GitHub Actions workflows",
    onPath: { versionArgs: ["-version"], range: { minimum: [1, 7], below: [2, 0] } },
    build: {
      folder: "actionlint",
      package: "github.com/rhysd/actionlint/cmd/actionlint",
      versionedBy: "github.com/rhysd/actionlint",
      seconds: 15,
    },
  },
  {
    name: "telegraf",
    purpose: "scrapes kubelet statistics and probes HTTP endpoints",
    onPath: { versionArgs: ["--version"], range: { minimum: [1, 30], below: [2, 0] } },
    build: {
      folder: "telegraf",
      package: "github.com/influxdata/telegraf/cmd/telegraf",
      versionedBy: "github.com/influxdata/telegraf",
      tags: [
        "custom",
        ...["file", "fluentd", "http", "http_response", "kube_inventory", "kubernetes", "prometheus"].map(
          (plugin) => `inputs.${plugin}`,
        ),
        "processors.regex",
        ...["file", "health", "influxdb"].map((plugin) => `outputs.${plugin}`),
        ...["influx", "prometheus", "xpath"].map((plugin) => `parsers.${plugin}`),
        "serializers.influx",
      ],
      seconds: 90,
    },
  },
  {
    name: "pkg-config",
    purpose: "lets the build of influxd find the Flux library",
    build: {
      folder: "influxdb-pkg-config",
      package: "github.com/influxdata/pkg-config",
      versionedBy: "github.com/influxdata/pkg-config",
      seconds: 5,
    },
  },
  {
    name: "influxd",
    purpose: "the InfluxDB server",
    onPath: { versionArgs: ["version"], range: { minimum: [2, 7], below: [3, 0] } },
    build: {
      folder: "influxdb",
      package: "github.com/influxdata/influxdb/v2/cmd/influxd",
      versionedBy: "github.com/influxdata/influxdb/v2",
      // Flux's Rust part was written for older compilers: a lint of today must not stop it.
      env: { RUSTUP_TOOLCHAIN: "stable", RUSTFLAGS: "--cap-lints warn" },
      needsTools: ["pkg-config"],
      needsPrograms: {
        cargo: "Rust (https://rustup.rs), or an InfluxDB 2 server (influxd) on PATH",
        cc: "a C compiler (gcc or clang)",
      },
      seconds: 200,
    },
  },
  {
    name: "influx",
    purpose: "backs InfluxDB up and restores it",
    onPath: {},
    build: {
      folder: "influx",
      package: "github.com/influxdata/influx-cli/v2/cmd/influx",
      versionedBy: "github.com/influxdata/influx-cli/v2",
      seconds: 30,
    },
  },
  {
    name: "fluentd",
    purpose: "scrapes, aggregates and ships logs",
    onPath: { versionArgs: ["--version"], range: { minimum: [1, 16], below: [2, 0] } },
    install: "gem install fluentd (Ruby 3), or a fluent-package of your system",
  },
];

/** Every tool by its name. */
export const catalogue: Readonly<Record<ToolName, Tool>> = Object.fromEntries(
  tools.map((tool) => [tool.name, tool]),
) as Record<ToolName, Tool>;

/** The first `major.minor.patch` in a program's version output, or undefined. */
export function parseVersion(output: string): { text: string; major: number; minor: number } | undefined {
  const match = /(\d+)\.(\d+)(?:\.\d+)?/.exec(output);
  return match === null ? undefined : { text: match[0], major: Number(match[1]), minor: Number(match[2]) };
}

/** Whether `major.minor` lies in the range. */
export function inRange(version: { major: number; minor: number }, range: VersionRange): boolean {
  const order = ([major, minor]: readonly [number, number]) => major * 10_000 + minor;
  const value = order([version.major, version.minor]);
  return value >= order(range.minimum) && value < order(range.below);
}

/**
 * The version that a go.mod requires of a module, for example `v3.259.0`.
 *
 * @throws when the module is not required there
 */
export function requiredVersion(goMod: string, module: string): string {
  for (const line of goMod.split("\n")) {
    const words = line
      .trim()
      .replace(/^require\s+/, "")
      .split(/\s+/);
    if (words[0] === module && words[1]?.startsWith("v")) return words[1];
  }
  throw new Error(`go.mod does not require ${module}`);
}

/** Arguments of `go build` that make the tool at `output`. `version` is the pinned one. */
export function goBuildArguments(build: GoBuild, version: string, output: string): string[] {
  const variables = (build.versionVariables ?? []).map((variable) => ` -X ${variable}=${version}`).join("");
  const tags = build.tags === undefined ? [] : ["-tags", build.tags.join(",")];
  return [
    "build",
    "-trimpath",
    "-mod=readonly",
    "-ldflags",
    `-s -w${variables}`,
    ...tags,
    "-o",
    output,
    build.package,
  ];
}
