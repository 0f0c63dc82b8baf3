import { devDependencies } from "../../package.json";
import { kubernetes, kubernetesVersion, nodeTools } from "./nodeTools";
import { command, type GoBuild, type Tool } from "./tool";

const pulumi = "github.com/pulumi/pulumi";
const kubernetesProvider = "github.com/pulumi/pulumi-kubernetes/provider/v4";

const alertmanager = {
  folder: "alertmanager",
  versionVariables: ["github.com/prometheus/common/version.Version"],
};

/** The engine's host for programs in a language, from the last version that is a Go module. */
function languageHost(name: string, language: string, build: Omit<GoBuild, "folder">): Tool {
  return {
    purpose: `the engine's host for programs in ${language}`,
    onPath: { range: "*" },
    build: { folder: `pulumi-language-${name}`, ...build },
  };
}

const controlPlane = "part of the embedded Kubernetes control plane";

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
  "kube-apiserver": kubernetes("kube-apiserver", 190, controlPlane),
  "kube-controller-manager": kubernetes("kube-controller-manager", 60, controlPlane),
  "kube-scheduler": kubernetes("kube-scheduler", 10, controlPlane),
  ...nodeTools,
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
  kubelogin: {
    purpose: "signs in to AKS clusters with Entra",
    onPath: { range: ">=0.2.18 <0.3" },
    build: {
      folder: "kubelogin",
      package: "github.com/Azure/kubelogin",
      versionedBy: "github.com/Azure/kubelogin",
      versionVariables: ["main.gitTag"],
      seconds: 70,
    },
  },
  actionlint: {
    purpose: "checks GitHub Actions workflows",
    onPath: { range: ">=1.7 <2", args: ["-version"] },
    build: { folder: "actionlint", ...command("github.com/rhysd/actionlint", "actionlint"), seconds: 15 },
  },
  "grafana-api-client": {
    purpose: "asks a Grafana for what GrafanaContent makes, in tests",
    build: {
      folder: "grafana-api-client",
      package: ".",
      versionedBy: "github.com/grafana/grafana-openapi-client-go",
      seconds: 30,
    },
  },
  telegraf: {
    purpose: "scrapes kubelet statistics and probes HTTP endpoints",
    onPath: { range: ">=1.30 <2" },
    build: {
      folder: "telegraf",
      ...command("github.com/influxdata/telegraf", "telegraf"),
      tags: [
        "custom",
        ...[
          "exec",
          "file",
          "fluentd",
          "http",
          "http_response",
          "internal",
          "kubernetes",
          "opentelemetry",
          "prometheus",
          "x509_cert",
        ].map((plugin) => `inputs.${plugin}`),
        ...["starlark"].map((plugin) => `processors.${plugin}`),
        ...["file", "health", "influxdb"].map((plugin) => `outputs.${plugin}`),
        ...["influx", "prometheus", "value", "xpath"].map((plugin) => `parsers.${plugin}`),
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
  cargo: {
    purpose: "compiles the Rust part of influxd",
    onPath: { range: ">=1.83 <2" },
    debian: {
      packages: ["cargo"],
      // Debian 12 has two.
      preferred: ["cargo-web"],
      dependencies: true,
      programs: { cargo: "usr/bin/cargo", rustc: "usr/bin/rustc" },
    },
    install: "Rust (https://rustup.rs), or an InfluxDB 2 server (influxd) on PATH",
  },
  influxd: {
    purpose: "the InfluxDB server",
    onPath: { range: ">=2.7 <3", args: ["version"] },
    build: {
      folder: "influxdb",
      ...command("github.com/influxdata/influxdb/v2", "influxd"),
      // Flux's Rust part was written for older compilers: a lint of today must not stop it.
      // Optimising it as a whole costs a minute of the build.
      env: {
        CGO_ENABLED: "1",
        RUSTUP_TOOLCHAIN: "stable",
        RUSTFLAGS: "--cap-lints warn",
        CARGO_PROFILE_RELEASE_LTO: "off",
      },
      needsTools: ["pkg-config", "cargo"],
      needsPrograms: { cc: "a C compiler (gcc or clang)" },
      seconds: 200,
    },
  },
  influx: {
    purpose: "backs InfluxDB up and restores it",
    onPath: { range: "*" },
    build: { folder: "influx", ...command("github.com/influxdata/influx-cli/v2", "influx"), seconds: 30 },
  },
  rclone: {
    purpose: "copies backups to an object store, in tests",
    onPath: { range: ">=1.60 <2", args: ["version"] },
    debian: { packages: ["rclone"], programs: { rclone: "usr/bin/rclone" } },
    install: "the package rclone of your system",
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
