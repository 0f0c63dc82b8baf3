/** Where applications write their log files, and where their sidecar reads them. */
export const logDirectory = "/var/log/app";

/** Folder of Fluentd's configuration in its containers. */
export const configPath = "/fluentd/etc";

/** Folder of the sidecar's buffer and of the positions read, lost with the pod. */
export const sidecarBufferPath = "/fluentd/buffer";

/** Folder on the aggregator's volume: buffer, dead letters. */
export const aggregatorDataPath = "/fluentd/data";
