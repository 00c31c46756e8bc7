/**
 * Credentials as command lines have them: they look like nothing, and what is before them says what they are. Also in lists of arguments
 * (`["curl", "-u", "ada:…"]`), and where a line goes on after a backslash. As in `credential-shapes.ts`, no pattern may take more than
 * linear time.
 */

/**
 * What comes after: the next word · whatever stands right behind it · both, whichever is there · of the next word what is behind its
 * first `:`, `%` or `,`.
 */
type Holds = "next" | "attached" | "either" | ":" | "%" | ",";

const BEFORE: readonly (readonly [before: RegExp, holds: Holds])[] = [
  // curl, HTTPie, and whoever took over their options.
  [/(?<![\w-])(?:-[A-Za-z]{0,12}[uUE]|--(?:[a-z]{1,20}-)?(?:user|cert)|--auth)/g, ":"],
  [/(?<![\w-])(?:https?|xhs?)(?=[ \t])[^\n|;]{0,300}?[ \t]-a/g, ":"],
  [/(?<![\w-])(?:smbclient|rpcclient|net)[ \t][^\n|;]{0,300}?[ \t](?:-U|--user)/g, "%"],
  [/(?<![\w-])lftp[ \t][^\n|;]{0,300}?(?:-u|--user)/g, ","],
  // Options that say it.
  [
    /(?<![\w-])--?(?:[\w.-]{0,60}?(?:token|passw(?:or)?d|passwort|passphrase|secret|(?:api|access|private|account|client|auth|secret)[_-]?key|credentials?)|(?:[\w.-]{0,60}[_.-]|ssh|store|key)?(?:pass(?:in|out)?|pwd|pw)|oauth2-bearer)/gi,
    "next",
  ],
  // Options that only their programs give this meaning.
  [
    /(?<![\w-])(?:mysql\w{0,12}|mariadb[\w-]{0,12}|mycli|7z[ar]?|rar|unrar)(?![\w-])[^\n|;]{0,300}?[ \t"']-p/g,
    "attached",
  ],
  [/(?<![\w-])sshpass(?![\w-])[^\n|;]{0,100}?[ \t"']-p/g, "either"],
  [
    /(?<![\w-])(?:mongo\w{0,12}|cqlsh|(?:docker|podman|buildah|skopeo|oras|helm|oc|az|cf)[ \t"'][^\n|;]{0,300}?login)(?![\w-])[^\n|;]{0,300}?[ \t"']-p/g,
    "either",
  ],
  [/(?<![\w-])(?:redis|valkey|keydb)-cli(?![\w-])[^\n|;]{0,300}?[ \t"']-a/g, "next"],
  [
    /(?<![\w-])ldap(?:search|modify|add|delete|whoami|passwd|compare|modrdn)(?![\w-])[^\n|;]{0,300}?[ \t"']-w/g,
    "either",
  ],
  [/(?<![\w-])(?:zip|unzip|zipcloak|sqlcmd|bcp)(?![\w-])[^\n|;]{0,300}?[ \t"']-P/g, "either"],
  [/(?<![\w-])htpasswd[ \t]{1,8}-\w{0,8}b\w{0,8}[ \t]{1,8}\S{1,256}[ \t]{1,8}\S{1,128}/g, "next"],
  [/(?<![\w.-])[\w.-]{1,64}:(?=[^\s"'|]{1,512}["']?[ \t]{0,8}\|[ \t]{0,8}(?:sudo[ \t]{1,8})?chpasswd)/g, "attached"],
  [/(?<![\w-])ssh-keygen(?![\w-])[^\n|;]{0,300}?[ \t"']-[NP]/g, "next"],
  // Piped into what asks for one.
  [
    /\b(?:echo|printf)(?:[ \t]{1,8}-[a-zA-Z]{1,3})?(?=[ \t]{1,8}[^|\n]{1,256}\|[^|\n]{0,200}?(?:--password-stdin|--stdin|sudo[ \t]{1,8}-\w{0,8}S))/g,
    "next",
  ],
  // Settings with a blank between name and value: .netrc, Redis, SQL, `openclaw config set`, `aws configure set`.
  [/\blogin[ \t]{1,8}\S{1,128}\s{1,8}password(?=\s)/gi, "next"],
  [/(?<![\w-])(?:requirepass|masterauth|aws_secret_access_key|aws_session_token)(?=[ \t])/gi, "next"],
  [/\b(?:identified(?: with \w{1,40})? by|password)(?=[ \t]{1,8}')/gi, "next"],
  [
    /\bconfig(?:ure)?[ \t]{1,8}set[ \t]{1,8}["']?[\w./:@-]{0,160}?(?:token|passw(?:or)?d|secret|key)["']?(?=[ \t])/gi,
    "next",
  ],
];

/** Between an option and its value, also of a list of arguments that is written as JSON, and as JSON within JSON. */
const SEPARATOR = /=|[ \t]{1,8}(?:\\\r?\n[ \t]{0,40})?|\\?["'][ \t]{0,8},[ \t]{0,8}/y;
/** As shells and JSON write one: with the quote that opens it. */
const WORD =
  /\\"[^"\\\n]{1,512}|"(?:[^"\\\n]|\\.){1,512}|'[^'\n]{1,512}|[^\s"'](?:[^\s"'\\]|\\[^"\n]){0,511}(?:(?<=[:=])(?:"[^"\n]{0,512}|'[^'\n]{0,512}))?/y;
/** The next option, a placeholder, or a sentence that goes on. */
const NO_VALUE =
  /--[a-z]|\+%|["']?<[\w -]{1,40}>|(?:or|and|is|are|was|to|from|with|for|if|in|not|which|that|when)(?=\s)/y;
const NUMBERS = /^["']?\d{1,10}:\d{1,10}["']?$/;

/** `text` with what options and settings hold replaced by `hidden`. Linear in the length of `text`. */
export function hideArguments(text: string, hidden: string): string {
  return BEFORE.reduce((result, [before, holds]) => hideAfter(result, before, holds, hidden), text);
}

function hideAfter(text: string, before: RegExp, holds: Holds, hidden: string): string {
  let shown = "";
  let doneTo = 0;
  for (const { index, 0: found } of text.matchAll(before)) {
    const value = index < doneTo ? null : valueAt(text, index + found.length, holds);
    if (value === null) continue;
    shown += text.slice(doneTo, value.from) + hidden;
    doneTo = value.to;
  }
  return shown + text.slice(doneTo);
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

function valueAt(text: string, at: number, holds: Holds): Stretch | null {
  const separator = holds === "attached" ? "" : match(SEPARATOR, text, at);
  if (separator === null && holds === "next") return null;
  const from = at + (separator ?? "").length;
  const word = match(NO_VALUE, text, from) === null ? match(WORD, text, from) : null;
  if (word === null) return null;
  const to = from + word.length;
  if (holds === "next" || holds === "attached" || holds === "either") return { from, to };
  const behind = word.indexOf(holds) + 1;
  // Such as `-u 1000:1000`, and an address.
  if (behind < 2 || behind === word.length || NUMBERS.test(word) || word.startsWith("//", behind)) return null;
  return { from: from + behind, to };
}

function match(sticky: RegExp, text: string, at: number): string | null {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0] ?? null;
}
