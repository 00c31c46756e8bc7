/** Colours, cursor movements, titles of windows: what terminals obey and never show. */
const ESCAPE_SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are made of them
  /(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,16}[@-~]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c|$)|\x1b[ -/]{0,16}[0-~]/g;
/** Every kind of space and line end, no-break and ideographic spaces among them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the separators among them
const SPACES = /[^\S\ufeff]|[\u0085\u001c-\u001f]/gu;
/** What a text may hold none of, whoever it is for. */
const STEERING = /(?![\n\t])[\p{Cc}\p{Cs}\ufeff]/gu;
/** What nobody sees: joiners, marks of direction, fillers, byte order marks, variation selectors, control characters, halves of characters. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}\p{Cs}]/gu;

/**
 * What a person means who typed, pasted or copied this: one line of what can be seen. Every space and line end becomes a plain space;
 * what is invisible goes. For command lines, ids and names; not for texts whose layout matters. Idempotent.
 */
export function visible(typed: string): string {
  return withoutEscapes(typed).replace(SPACES, " ").replace(INVISIBLE, "");
}

/** What a person means whose text is for somebody else: with its line ends, tabs and joined characters, and nothing that steers a terminal. Idempotent. */
export function readable(typed: string): string {
  return withoutEscapes(typed)
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n")
    .replace(STEERING, "");
}

export function withoutEscapes(typed: string): string {
  return typed.replace(ESCAPE_SEQUENCES, "");
}

/** Of one UTF-16 unit. */
export function isSpace(char: string): boolean {
  return char.replace(SPACES, "") === "";
}
