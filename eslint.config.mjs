import pulumi from "@pulumi/eslint-plugin";
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** The top-level folders, each with those that it may import; test/ may import all. See docs/contributing.md. */
const folders = {
  contract: [],
  dashboards: ["contract"],
  components: ["contract", "dashboards"],
  config: ["contract", "dashboards", "components"],
  provider: ["contract", "dashboards", "components"],
  cli: ["contract", "dashboards", "components"],
  examples: ["components"],
  policies: ["contract", "components/kubernetes"],
  local: ["contract", "policies", "components/images.ts"],
  viewer: ["contract", "dashboards", "components", "local"],
  scripts: ["contract", "dashboards", "components", "config", "provider", "local"],
  "index.ts": ["contract", "dashboards", "components", "config", "examples"],
};

/** What is in components/, from the bottom up: each may import only what is in the rows above its own. */
const componentLayers = [
  ["images.ts", "connection.ts", "existing.ts"],
  ["kubernetes"],
  ["platform"],
  ["influxdb", "fluentd", "telegraf", "grafana"],
  ["alerts"],
  ["alertmanager"],
  ["workloads"],
  ["monitoringArgs.ts"],
  ["monitoringParts.ts"],
  ["azure", "monitoring.ts"],
  ["index.ts"],
];

const importZones = [
  ...Object.entries(folders).map(([folder, allowed]) => ({
    target: `./${folder}`,
    from: ".",
    except: [folder, ...allowed, "node_modules", "package.json"],
    message: `${folder} may import ${allowed.join(", ") || "none of our folders"}: see folders in eslint.config.mjs.`,
  })),
  ...componentLayers.flatMap((layer, row) =>
    layer.map((part) => ({
      target: `./components/${part}`,
      from: "./components",
      except: [part, ...componentLayers.slice(0, row).flat()],
      message: `Imports in components/ run downwards: see componentLayers in eslint.config.mjs.`,
    })),
  ),
];

export default tseslint.config(
  {
    ignores: [
      "node_modules/**",
      "dist/**",
      "**/*.mjs",
      "**/main.js",
      "scripts/*.js",
      "**/fixtures/**",
      "**/golden/**",
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { "@pulumi": pulumi, "import-x": importX },
    settings: {
      "import-x/extensions": [".ts"],
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
      "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".js", ".json"] })],
    },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/naming-convention": [
        "error",
        { selector: ["variable", "function"], format: ["camelCase"], leadingUnderscore: "allow" },
        { selector: "variable", modifiers: ["destructured"], format: null },
        { selector: "typeLike", format: ["PascalCase"] },
      ],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/prefer-nullish-coalescing": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      eqeqeq: "error",
      "import-x/first": "error",
      "import-x/newline-after-import": "error",
      "import-x/no-cycle": "error",
      "import-x/no-duplicates": ["error", { "prefer-inline": true }],
      "import-x/no-restricted-paths": ["error", { zones: importZones }],
      "import-x/order": ["error", { groups: ["builtin", "external", "parent", "sibling"] }],
      "no-restricted-imports": [
        "error",
        { name: "node:path", importNames: ["default"], message: "Import its functions by name." },
      ],
    },
  },
  {
    // node:test's `test` and `describe` return promises that the runner itself awaits.
    files: ["test/**/*.ts"],
    rules: { "@typescript-eslint/no-floating-promises": "off" },
  },
  {
    files: ["**/*.ts"],
    ignores: [
      "test/**",
      "dashboards/**", // tables of panels
      "viewer/sample/sampleData.ts", // data
      "contract/textFormats.ts", // table of expressions
    ],
    rules: { "max-lines": ["error", 300], "max-lines-per-function": ["error", 120] },
  },
);
