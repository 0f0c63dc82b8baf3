import { devDependencies } from "../../package.json";

/** How a tool is compiled from a pinned Go module. */
export interface GoBuild {
  /** Folder under local/tools/ whose go.mod and go.sum pin the sources. */
  folder: string;
  /** Package to build; `.` or `./FOLDER` for our own program in that folder. */
  package: string;
  /** Module in go.mod whose version is the tool's. */
  versionedBy: string;
  /** Folders of modules that are put beside our own sources, which go before them: by folder, where they are. */
  sources?: Readonly<Record<string, { module: string; path: string }>>;
  /** Files of that module that the program needs beside itself, by their path in the module. */
  besideIt?: readonly string[];
  /** Go variables that are set to the version (with its `v`), or to `reports`, so that the tool can report it. */
  versionVariables?: readonly string[];
  /** The version that the tool reports in place of the module's. */
  reports?: string;
  /** Build tags. */
  tags?: readonly string[];
  /** Extra environment of the build. */
  env?: Readonly<Record<string, string>>;
  /** Tools whose folders come first on PATH while building. */
  needsTools?: readonly "pkg-config"[];
  /** Other programs that the build runs, with the way to get them. */
  needsPrograms?: Readonly<Record<string, string>>;
  /** Roughly how long a first build takes on two cores, in seconds; only shown to the user. */
  seconds: number;
}

/** A program that a local run or a test may need. */
export interface Tool {
  /** What it is for, in a few words. */
  purpose: string;
  /** Present: one found on PATH may be used when its version, which it prints with `args`, is in the range. */
  onPath?: { range: string; args?: readonly string[] };
  /** Absent: the tool comes from PATH only; `install` says how to get it. */
  build?: GoBuild;
  install?: string;
}

const pulumi = "github.com/pulumi/pulumi";
const kubernetesProvider = "github.com/pulumi/pulumi-kubernetes/provider/v4";

/** A program of a module that keeps it in `cmd/NAME`, as most do. */
function command(module: string, name: string): Pick<GoBuild, "package" | "versionedBy"> {
  return { package: `${module}/cmd/${name}`, versionedBy: module };
}

const kubernetesVersion = ["k8s.io/component-base/version.gitVersion"];
const alertmanager = {
  folder: "alertmanager",
  versionVariables: ["github.com/prometheus/common/version.Version"],
};

/** A part of the control plane. All come from one minor version: upstream supports no mixture. */
function controlPlane(name: string, seconds: number): Tool {
  return {
    purpose: "part of the embedded Kubernetes control plane",
    onPath: { range: ">=1.34 <1.35" },
    build: {
      folder: "kubernetes",
      ...command("k8s.io/kubernetes", name),
      versionVariables: kubernetesVersion,
      seconds,
    },
  };
}

/** The engine's host for programs in a language, from the last version that is a Go module. */
function languageHost(name: string, language: string, build: Omit<GoBuild, "folder">): Tool {
  return {
    purpose: `the engine's host for programs in ${language}`,
    onPath: { range: "*" },
    build: { folder: `pulumi-language-${name}`, ...build },
  };
}

const tools = {
  pulumi: {
    purpose: "the Pulumi engine and command line",
    onPath: { range: ">=3.150 <4", args: ["version"] },
    build: {
      folder: "pulumi",
      package: `${pulumi}/pkg/v3/cmd/pulumi`,
      versionedBy: `${pulumi}/sdk/v3`,
      versionVariables: [`${pulumi}/sdk/v3/go/common/version.Version`],
      seconds: 260,
    },
  },
  "pulumi-resource-kubernetes": {
    purpose: "the engine's plugin for Kubernetes",
    build: {
      folder: "pulumi-resource-kubernetes",
      package: ".",
      versionedBy: kubernetesProvider,
      sources: {
        // The schema, which main.go embeds.
        ".": { module: kubernetesProvider, path: "cmd/pulumi-resource-kubernetes" },
        // The SDK for Go; our kinds.go is in the place of its own.
        sdk: { module: "github.com/pulumi/pulumi-kubernetes/sdk/v4", path: "." },
      },
      versionVariables: [`${kubernetesProvider}/pkg/version.Version`],
      // The module's own version is no release, and the engine asks for that of the SDK at least.
      reports: `${devDependencies["@pulumi/kubernetes"]}+from-source`,
      seconds: 120,
    },
  },
  "pulumi-language-nodejs": languageHost("nodejs", "Node.js", {
    package: `${pulumi}/sdk/v3/nodejs/cmd/pulumi-language-nodejs`,
    versionedBy: `${pulumi}/sdk/v3`,
    seconds: 40,
  }),
  "pulumi-language-python": languageHost("python", "Python", {
    package: `${pulumi}/sdk/v3/python/cmd/pulumi-language-python`,
    besideIt: ["python/cmd/pulumi-language-python-exec"],
    versionedBy: `${pulumi}/sdk/v3`,
    seconds: 40,
  }),
  "pulumi-language-yaml": languageHost("yaml", "YAML", {
    ...command("github.com/pulumi/pulumi-yaml", "pulumi-language-yaml"),
    seconds: 60,
  }),
  "pulumi-gen-sdk": {
    purpose: "writes the SDK of a package for programs in Python",
    build: { folder: "pulumi-gen-sdk", package: ".", versionedBy: `${pulumi}/pkg/v3`, seconds: 30 },
  },
  etcd: {
    purpose: "storage of the embedded Kubernetes control plane",
    onPath: { range: ">=3.5 <4" },
    build: {
      folder: "etcd",
      package: "go.etcd.io/etcd/server/v3",
      versionedBy: "go.etcd.io/etcd/server/v3",
      seconds: 25,
    },
  },
  kwok: {
    purpose: "simulated nodes",
    onPath: { range: ">=0.7 <1" },
    build: { folder: "kwok", ...command("sigs.k8s.io/kwok", "kwok"), seconds: 80 },
  },
  kwokctl: {
    purpose: "starts and stops the embedded control plane",
    onPath: { range: ">=0.7 <1" },
    build: { folder: "kwok", ...command("sigs.k8s.io/kwok", "kwokctl"), seconds: 15 },
  },
  "kube-apiserver": controlPlane("kube-apiserver", 190),
  "kube-controller-manager": controlPlane("kube-controller-manager", 60),
  "kube-scheduler": controlPlane("kube-scheduler", 10),
  kubectl: {
    purpose: "runs the commands of docs/operations.md on the embedded cluster",
    onPath: { range: ">=1.30 <2", args: ["version", "--client"] },
    build: {
      folder: "kubectl",
      ...command("k8s.io/kubernetes", "kubectl"),
      versionVariables: kubernetesVersion,
      seconds: 40,
    },
  },
  alertmanager: {
    purpose: "groups alerts and sends mail",
    onPath: { range: ">=0.27 <1" },
    build: { ...alertmanager, ...command("github.com/prometheus/alertmanager", "alertmanager"), seconds: 35 },
  },
  amtool: {
    purpose: "checks Alertmanager configuration",
    onPath: { range: ">=0.27 <1" },
    build: { ...alertmanager, ...command("github.com/prometheus/alertmanager", "amtool"), seconds: 5 },
  },
  actionlint: {
    purpose: "checks GitHub Actions workflows",
    onPath: { range: ">=1.7 <2", args: ["-version"] },
    build: { folder: "actionlint", ...command("github.com/rhysd/actionlint", "actionlint"), seconds: 15 },
  },
  telegraf: {
    purpose: "scrapes kubelet statistics and probes HTTP endpoints",
    onPath: { range: ">=1.30 <2" },
    build: {
      folder: "telegraf",
      ...command("github.com/influxdata/telegraf", "telegraf"),
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
  "pkg-config": {
    purpose: "lets the build of influxd find the Flux library",
    build: {
      folder: "influxdb-pkg-config",
      package: "github.com/influxdata/pkg-config",
      versionedBy: "github.com/influxdata/pkg-config",
      seconds: 5,
    },
  },
  influxd: {
    purpose: "the InfluxDB server",
    onPath: { range: ">=2.7 <3", args: ["version"] },
    build: {
      folder: "influxdb",
      ...command("github.com/influxdata/influxdb/v2", "influxd"),
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
  influx: {
    purpose: "backs InfluxDB up and restores it",
    onPath: { range: "*" },
    build: { folder: "influx", ...command("github.com/influxdata/influx-cli/v2", "influx"), seconds: 30 },
  },
  fluentd: {
    purpose: "scrapes, aggregates and ships logs",
    onPath: { range: ">=1.16 <2" },
    install: "gem install fluentd (Ruby 3), or a fluent-package of your system",
  },
} satisfies Readonly<Record<string, Tool>>;

export type ToolName = keyof typeof tools;

/** Every tool by its name. */
export const catalogue: Readonly<Record<ToolName, Tool>> = tools;

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
  const variables = (build.versionVariables ?? [])
    .map((variable) => ` -X ${variable}=${build.reports ?? version}`)
    .join("");
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
