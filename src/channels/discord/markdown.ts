/**
 * Everything that starts formatting, a mention, an emoji, a timestamp or a link in Discord's markup, wherever it stands: `*_~|` and backticks,
 * `<` of `<@id>`, `<#id>`, `<:name:id>`, `<t:time>` and `</command:id>`, `[` of `[text](link)`, `@` of `@everyone`, and the colon of
 * `https://` and `:smile:`. Discord takes a backslash before any of them away and shows the character itself.
 */
const ANYWHERE = /[\\`*_~|<>[\]@:#]/g;
/** At the start of a line: lists, also numbered ones, and `-#` for small print. Headings and quotes are in `ANYWHERE`. */
const LINE_START = /^([^\S\r\n\u2028\u2029]*)(?:([-+])|(\d+)([.)]))(?=\s|$)/gm;

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

/** A word as it is, to be copied. Backticks would end it, so a text with some in it is escaped instead. */
export function inlineCode(clean: string): string {
  return clean.includes("`") ? escapeMarkup(clean) : `\`${clean}\``;
}

/** Lines as they are. What would end the block is shown line by line, escaped, without the block. */
export function codeBlock(lines: readonly string[]): string {
  const content = lines.join("\n");
  if (content.includes("```")) return lines.map(escapeMarkup).join("\n");
  return `\`\`\`\n${content}\n\`\`\``;
}

/** In the reader's time zone and language, such as "5 minutes ago". */
export function relativeTime(atMs: number): string {
  return `<t:${Math.floor(atMs / 1000)}:R>`;
}

/** A link to a channel or thread; what is no id is only shown. */
export function channelLink(id: string): string {
  return /^\d{15,20}$/.test(id) ? `<#${id}>` : inlineCode(id);
}
