import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Entry, file, folder, libraries, link, programsOnPath, text, tree } from "./entries";

/** Programs that scripts in containers use, and people who look into one. */
const basePrograms = [
  ...[
    "sh",
    "env",
    "cat",
    "cp",
    "cut",
    "date",
    "df",
    "du",
    "echo",
    "false",
    "find",
    "grep",
    "head",
    "hostname",
  ],
  ...[
    "id",
    "kill",
    "ln",
    "ls",
    "mkdir",
    "mktemp",
    "mv",
    "printf",
    "pwd",
    "rm",
    "rmdir",
    "sed",
    "sleep",
    "sort",
  ],
  ...["stat", "tail", "tee", "test", "timeout", "touch", "tr", "true", "uname", "uniq", "wc", "xargs"],
];

/** Libraries that the C library loads when they are needed, so that no program names them. */
const loadedLater = ["libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2", "libgcc_s.so.1"];

/** Certificates of authorities, where distributions keep them. */
const certificateBundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/** What every image begins with: a shell, common programs, the C library, certificates, time zones. */
export async function baseEntries(): Promise<Entry[]> {
  const programs = await programsOnPath(basePrograms);
  const libraryFolders = new Set(
    programs.flatMap(({ content }) =>
      content.kind === "file" ? [content.source.replace(/\/[^/]*$/, "")] : [],
    ),
  );
  const later = [...libraryFolders].flatMap((directory) => loadedLater.map((name) => join(directory, name)));
  const found = later.filter((path) => existsSync(path));
  const certificates = certificateBundles.find((path) => existsSync(path));
  const links = ["bin", "sbin", "lib", "lib64"].map((name) => link(`/${name}`, `usr/${name}`));
  return [
    ...links,
    ...programs,
    ...(await Promise.all(found.map((path) => file(path, path)))),
    ...(await libraries(found)),
    ...(certificates === undefined ? [] : [await file("/etc/ssl/certs/ca-certificates.crt", certificates)]),
    ...(await tree("/usr/share/zoneinfo", "/usr/share/zoneinfo", { without: ["posix", "right"] })),
    ...["sbin", "lib64", "local/bin"].map((name) => folder(`/usr/${name}`, 0o755, { uid: 0, gid: 0 })),
    ...["/tmp", "/var/tmp"].map((path) => folder(path, 0o1777, { uid: 0, gid: 0 })),
    ...["/run", "/root", "/proc", "/sys", "/dev"].map((path) => folder(path, 0o755, { uid: 0, gid: 0 })),
    text("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"),
    text("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
    ...accounts(),
  ];
}

/** A user of an image, with a group of the same name. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** /etc/passwd and /etc/group with the accounts that every system has, and that of the image's program. */
export function accounts(own?: Account): Entry[] {
  const all: Account[] = [
    { name: "root", uid: 0, gid: 0, home: "/root" },
    { name: "nobody", uid: 65_534, gid: 65_534, home: "/nonexistent" },
    ...(own === undefined ? [] : [own]),
  ];
  const users = all.map(({ name, uid, gid, home }) => `${name}:x:${uid}:${gid}::${home}:/bin/sh\n`);
  // The first of a number names the group: grafana is in the group of root.
  const named = all.filter(({ gid }, index) => all.findIndex((other) => other.gid === gid) === index);
  const groups = named.map(({ name, gid }) => `${name}:x:${gid}:\n`);
  return [text("/etc/passwd", users.join("")), text("/etc/group", groups.join(""))];
}
