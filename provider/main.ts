#!/usr/bin/env node
// Started by the engine as `pulumi-resource-ds-monitoring`, and through PulumiPlugin.yaml by Pulumi's host for Node.js.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { main } from "@pulumi/pulumi/provider";
import { componentProvider } from "./provider";

void main(componentProvider(readFileSync(join(__dirname, "schema.json"), "utf8")), process.argv.slice(2));
