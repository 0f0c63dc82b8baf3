/** Where applications write their log files, and where their sidecar reads them. */
export const logDirectory = "/var/log/app";

/** Folder of Fluentd's configuration in its containers. */
export const configPath = "/fluentd/etc";

/** Folder of the sidecar's buffer and of the positions read, lost with the pod. */
export const sidecarBufferPath = "/fluentd/buffer";

/**
 * Fluentd's supervisor makes a folder of its own here (variable TMPDIR). Ruby refuses one that all may write to without
 * the sticky bit, as each emptyDir is. The container runtime mounts this one, with that bit, into each container; a
 * read-only root file system does not change that, and it is no volume that Pod Security could forbid.
 */
export const temporaryDirectory = "/dev/shm";

/** Folder of the aggregator's certificate. */
export const tlsPath = "/fluentd/tls";

/** Folder on the aggregator's volume: buffer, dead letters. */
export const aggregatorDataPath = "/fluentd/data";
