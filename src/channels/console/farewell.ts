/** What people say around a word that means something, at a prompt as to a person, and what other prompts want behind it. */
const COURTESY = new Set([
  "please",
  "pls",
  "now",
  "ok",
  "okay",
  "thanks",
  "thank",
  "you",
  "thx",
  "creel",
  "then",
  "just",
  "and",
  "bye",
  "0",
]);
const EXIT = new Set(["exit", "quit", "bye", "goodbye", "logout", "q", ":q", ":wq"]);
const LEAVE = new Set([...EXIT, "leave", "l"]);
const WAIT = new Set(["wait", "w"]);

/** Where a session ends; no command of the desk. */
export function asksToLeave(line: string): boolean {
  return says(line, EXIT);
}

/** What becomes of what is under way; null for anything else. */
export function leaveOrWait(line: string): "leave" | "wait" | null {
  if (says(line, LEAVE)) return "leave";
  return says(line, WAIT) ? "wait" : null;
}

/** Whether `line` is one of `words`, and courtesy apart from that. */
function says(line: string, words: ReadonlySet<string>): boolean {
  const said = line
    .toLowerCase()
    .replace(/^\//, "")
    .split(/[\s,.;!?()]+/)
    .filter((word) => word !== "");
  return said.some((word) => words.has(word)) && said.every((word) => words.has(word) || COURTESY.has(word));
}
