import type * as pulumi from "@pulumi/pulumi";
import { withoutEndSlashes } from "../../contract/patterns";
import type { ExistingService } from "../platform/endpoints";
import { environmentVariable, lastingBuffer, type Section, section } from "./fluentdConfig";

/** A server for the full text of lines, beside InfluxDB. */
export interface FullTextArgs extends ExistingService {
  /** Its API: Loki's push API, or the bulk API of Elasticsearch, which OpenSearch has too. */
  kind: FullTextKind;
  /** Base URL, e.g. `http://loki.logging.svc.cluster.local:3100` or `https://search.example.com:9200`. */
  url: pulumi.Input<string>;
  /**
   * Port of its pods, where the URL is that of a Service with another port: network policies see the pod's.
   * @default the URL's
   */
  podPort?: number;
  /**
   * Index or data stream; of Elasticsearch and OpenSearch only.
   * @default "logs-ds_monitoring-default": a data stream of the templates that Elasticsearch has
   */
  index?: string;
  /**
   * Value of the header `X-Scope-OrgID`; of a Loki with several tenants only.
   * @default none
   */
  tenant?: string;
  /**
   * User name and password of basic authentication.
   * @default none
   */
  login?: FullTextLogin;
  /**
   * Certificate of the CA that signs the server's, in PEM.
   * @default the CAs of the image
   */
  caCertificate?: pulumi.Input<string>;
}

/** A login at the server for full text. */
export interface FullTextLogin {
  /** User name. */
  username: pulumi.Input<string>;
  /** Password. Secret. */
  password: pulumi.Input<string>;
}

/** APIs that full text is sent to. */
export type FullTextKind = "loki" | "elasticsearch";

/** What of {@link FullTextArgs} is in the configuration. */
export interface FullTextOptions {
  kind: FullTextKind;
  url: string;
  index?: string;
  tenant?: string;
  /** Whether the variables FULL_TEXT_USERNAME and FULL_TEXT_PASSWORD hold a login. */
  hasLogin?: boolean;
  /** Certificate of the server's CA, in PEM. */
  caCertificate?: string;
}

/** Name of the file that holds the certificate of the server's CA. */
export const fullTextCaFile = "full-text-ca.crt";

/** Id of the output of full text, in the state that Telegraf reads: LogBufferBacklog names it. */
const fullTextPluginId = "full_text";

/** The label's name of the events for full text. */
export const fullTextLabel = "@FULL_TEXT";

/** @throws Error that names the argument and the fix */
export function checkFullText(name: string, { kind, index, tenant }: FullTextArgs): void {
  const origin = `FluentdAggregator "${name}": fullText`;
  // Languages without literal types get here with any name.
  if (!["loki", "elasticsearch"].includes(kind))
    throw new Error(
      `${origin}.kind must be "loki" or "elasticsearch" (also for OpenSearch); got ${JSON.stringify(kind)}`,
    );
  if (kind === "loki" && index !== undefined)
    throw new Error(`${origin}.index is Elasticsearch's: leave it out for Loki`);
  if (kind === "elasticsearch" && tenant !== undefined)
    throw new Error(`${origin}.tenant is Loki's: leave it out for Elasticsearch`);
  if (index !== undefined && !/^[a-z0-9][a-z0-9._-]{0,254}$/.test(index))
    throw new Error(
      `${origin}.index must be a name of lower-case letters, digits, ".", "_" and "-", ` +
        `e.g. "logs-ds_monitoring-default"; got ${JSON.stringify(index)}`,
    );
}

/**
 * Sends the texts of events to the server. Its buffer drops the oldest lines when it is full: a server that is away must
 * not hold up InfluxDB.
 */
export function fullTextOutput(
  { kind, url, index = "logs-ds_monitoring-default", tenant, hasLogin, caCertificate }: FullTextOptions,
  buffer: { path: string; bytes: number },
  configFolder: string,
): Section {
  const path = kind === "loki" ? "/loki/api/v1/push" : `/${index}/_bulk`;
  const parameters = {
    "@type": "full_text",
    "@id": fullTextPluginId,
    kind,
    endpoint: `${withoutEndSlashes(url)}${path}`,
    content_type: kind === "loki" ? "application/json" : "application/x-ndjson",
    // It decides by itself what is sent again.
    retryable_response_codes: "503",
    open_timeout: 5,
    read_timeout: 30,
    ...(tenant !== undefined && { headers: JSON.stringify({ "X-Scope-OrgID": tenant }) }),
    ...(caCertificate !== undefined && { tls_ca_cert_path: `${configFolder}/${fullTextCaFile}` }),
  };
  return section("match **", parameters, [
    ...(hasLogin
      ? [
          section("auth", {
            method: "basic",
            username: environmentVariable("FULL_TEXT_USERNAME"),
            password: environmentVariable("FULL_TEXT_PASSWORD"),
          }),
        ]
      : []),
    section("buffer", {
      "@type": "file",
      path: buffer.path,
      chunk_limit_size: "1m",
      total_limit_size: buffer.bytes,
      flush_interval: 1,
      ...lastingBuffer,
      overflow_action: "drop_oldest_chunk",
    }),
  ]);
}
