/** Words before `token` that make it a token of a language model or of a page, and no credential. */
const plainTokens = new Set(
  "bos begin boundary cls decoder eos end forced image mask max min next num pad page per sep special start stop unk vocab".split(
    " ",
  ),
);
/** Words before `key` that make it a credential. */
const secretKeys = new Set(
  "access account api auth cookie encryption fernet hmac license master private secret shared signing storage subscription".split(
    " ",
  ),
);
/** Words before `key` that make it the name of a value. */
const plainKeys = new Set("cache foreign group index object partition primary public row sort".split(" "));
/** What looks drawn by lot: long, with letters and digits. */
const random = /^(?=.*\d)(?=.*[a-z])[A-Za-z0-9+/_=-]{20,}$/i;

/** What a key of a setting, a variable or an argument must end with to hold a secret; {@link isSecret} decides. */
const keyPattern =
  "[\\w.-]*(?:password|passwd|pwd|passphrase|secret|token|key|secret_key_base|connection[_-]?string|[_-]sas)";
/** `key = literal`, `key: literal`, `key "literal"` in a configuration or a connection string. */
const assignment = new RegExp(
  `(?:^|[\\s"'{,;?&])"?(${keyPattern})"?(?:[ \\t]*[:=][ \\t]*|[ \\t]+(?=["']))["']?([^\\s"',;&}]+)`,
  "gim",
);
/** `key = "literal"`, `key: "literal"` in a program, where a bare word is a variable. */
const quotedAssignment = new RegExp(
  `(?:^|[\\s"'{,])["']?(${keyPattern})["']?\\s*[:=]\\s*["']([^\\s"']+)`,
  "gim",
);
/** `--key literal` and `-key literal` on a command line. */
const flag = new RegExp(`(?:^|\\s)(--?${keyPattern})[ \\t]+["']?([^\\s"'-][^\\s"']*)`, "gim");
const programFile = /\.(c?js|mjs|ts|py|rb|sh)$/;

/** A reference (`${…}`, `#{…}`, `$X`, `/path`, a variable of the environment) is no literal. */
const reference =
  /^(\$|#\{|%[({]|<|\{|\[|\||\/[\w.-]+(\/|$)|null$|none$|true$|false$|os\.(environ|getenv)|process\.env|ENV\[)/i;

/**
 * Secrets that are known by their form, whatever holds them. Forms: the documentation of each vendor, and the rules of
 * gitleaks (https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml).
 */
const forms: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, "a private key"],
  [/\b(AKIA|ASIA)[A-Z2-7]{16}\b/, "an AWS access key"],
  [/\bAIza[\w-]{35}/, "a Google API key"],
  [/\b(gh[opsur]_[A-Za-z0-9]{36}|github_pat_\w{50,})/, "a GitHub token"],
  [/\bglpat-[\w-]{20}/, "a GitLab token"],
  [/\bxox[abprs]-[\w-]{10,}/, "a Slack token"],
  [/\bhf_[A-Za-z]{34}\b/, "a Hugging Face token"],
  [/\bsk-(proj-|ant-)?[\w-]{20,}/, "an API key of a language model"],
  [/\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/, "a JSON web token"],
  [/[?&;]sig=[\w%+/=]{20,}/, "a shared access signature"],
];
/** `scheme://user:password@host`; the password is the group. */
const login = /\b[a-z][\w+.-]*:\/\/[^\s/:@"']*:([^\s/@"']+)@/gi;

/**
 * Whether a setting is a secret by its name: `SECRET_KEY` and `dbPassword` are, `EOS_TOKEN`, `max_token` and
 * `PASSWORD_FILE` are not. Of a `key` that may be either, the value decides.
 */
export function isSecret(name: string, value = ""): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  const last = words.at(-1) ?? "";
  const before = words.at(-2) ?? "";
  if (/^secret_?key_?base$/.test(words.slice(-3).join("_"))) return true;
  // Shells keep the working directory there.
  if (name === "PWD" || name === "OLDPWD") return false;
  if (/(passw(or)?d|passphrase|secret|connectionstring)$/.test(last) || last === "pwd") return true;
  if (last === "string") return before === "connection";
  if (last === "sas") return before !== "";
  if (last.endsWith("token")) return !plainTokens.has(last === "token" ? before : last.slice(0, -5));
  if (!last.endsWith("key")) return false;
  const kind = last === "key" ? before : last.slice(0, -3);
  return secretKeys.has(kind) || (!plainKeys.has(kind) && random.test(value));
}

/** Whether the variable or setting `name` holds a secret as a literal. */
export function isLiteralSecret(name: string, value: string): boolean {
  return isSecret(name, value) && value !== "" && !reference.test(value);
}

/**
 * Names of the secrets that a text holds as literals.
 *
 * @param file name of the file, by which programs are distinguished from configurations
 */
export function plainSecrets(text: string, file = ""): string[] {
  const isProgram = programFile.test(file);
  const patterns = [
    ...(isProgram ? [quotedAssignment] : [assignment]),
    ...(isProgram && !file.endsWith(".sh") ? [] : [flag]),
  ];
  const assigned = patterns
    .flatMap((pattern) => [...text.matchAll(pattern)])
    .filter(([, key = "", value = ""]) => isLiteralSecret(key, value))
    .map(([, key]) => key ?? "");
  const logins = [...text.matchAll(login)].filter(([, password = ""]) => !reference.test(password));
  const known = forms.filter(([form]) => form.test(text)).map(([, name]) => name);
  return [...new Set([...assigned, ...(logins.length > 0 ? ["a URL with a password"] : []), ...known])];
}

/** {@link plainSecrets} of a command line, in which the value of a flag may be the next argument. */
export function secretArguments(line: readonly string[]): string[] {
  const found = line.flatMap((argument, index) => {
    const next = line[index + 1];
    const isFlag = /^--?[\w.-]+$/.test(argument) && next !== undefined && !next.startsWith("-");
    return isFlag && isLiteralSecret(argument, next) ? [argument] : plainSecrets(argument);
  });
  return [...new Set(found)];
}
