/**
 * Everything that starts formatting, a mention, an emoji, a timestamp or a link in Discord's markup, wherever it stands: `*_~|` and backticks,
 * `<` of `<@id>`, `<#id>`, `<:name:id>`, `<t:time>` and `</command:id>`, `[` of `[text](link)`, `@` of `@everyone`, and the colon of
 * `https://` and `:smile:`. Discord takes a backslash before any of them away and shows the character itself.
 */
const ANYWHERE = /[\\`*_~|<>[\]@:#]/g;
/** At the start of a line: lists, also numbered ones, and `-#` for small print. Headings and quotes are in `ANYWHERE`. */
const LINE_START = /^(\s*)(?:([-+])|(\d+)([.)]))(?=\s|$)/gm;

/** Shows clean text as it is, line by line; a backslash that is cut from what it escapes vanishes, as Discord shows it. */
export function escapeMarkup(clean: string): string {
  return clean
    .replace(ANYWHERE, "\\$&")
    .replace(LINE_START, (_, space: string, bullet: string | undefined, digits: string | undefined, dot: string) =>
      bullet === undefined ? `${space}${digits ?? ""}\\${dot}` : `${space}\\${bullet}`,
    );
}

/** `escaped` must not be empty. */
export function bold(escaped: string): string {
  return `**${escaped}**`;
}

/** Nothing inside can end the block: an invisible space parts backticks that touch. */
export function codeBlock(lines: readonly string[]): string {
  return `\`\`\`\n${lines.join("\n").replace(/`(?=`)/g, "`\u200b")}\n\`\`\``;
}
