import { type ErrorCode, parseDocument, type YAMLError } from "yaml";
import { visible } from "./core/typed.ts";

/** What YAML makes of the text, or what is wrong with it: one line per problem, in plain words, without a word of the text itself. */
export type Yaml = { readonly value: unknown } | { readonly problems: readonly string[] };

/** Enough for any real file; a few nested aliases would otherwise grow into millions of values. */
const MOST_ALIASES = 100;
const MOST_PROBLEMS = 5;

export function readYaml(text: string): Yaml {
  const document = parseDocument(text, { stringKeys: true });
  const problems = [...document.errors, ...document.warnings].map(inPlainWords);
  if (problems.length > 0) return { problems: [...new Set(problems)].slice(0, MOST_PROBLEMS) };
  try {
    return { value: document.toJS({ maxAliasCount: MOST_ALIASES, reviver: asSeen }) ?? {} };
  } catch {
    // All that is left to find when it is put together: names behind * that nothing bears, or too many of them.
    return {
      problems: ["a * stands for what was named with & before, and here for nothing, or for too much. Write it out"],
    };
  }
}

/** What came along with a copied id would make it another one, with nothing wrong to be seen. */
function asSeen(_key: unknown, value: unknown): unknown {
  return typeof value === "string" ? visible(value).trim() : value;
}

const WORDS: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "what begins with * has to stand alone",
  BAD_ALIAS: "there is no name behind * or &; text that begins so has to be in quotes",
  BAD_COLLECTION_TYPE: "a ! is not understood here; text that begins so has to be in quotes",
  BAD_DIRECTIVE: "a line that begins with % is not understood",
  BAD_DQ_ESCAPE: "inside \"…\" a backslash begins something that is not known; write two, or use '…'",
  BAD_INDENT: "the indentation does not fit the lines before, or a bracket is not closed",
  BAD_PROP_ORDER: "& and ! have to stand right before their value",
  BAD_SCALAR_START: "text that begins with such a character has to be in quotes",
  BLOCK_AS_IMPLICIT_KEY: "there are two settings in one line; text with a colon in it has to be in quotes",
  BLOCK_IN_FLOW: "there are two settings between the same commas; text with a colon in it has to be in quotes",
  DUPLICATE_KEY: "a setting is there twice",
  IMPOSSIBLE: "it cannot be understood",
  KEY_OVER_1024_CHARS: "the name of a setting is too long",
  MISSING_CHAR: "something is missing: a closing quote or bracket, a comma, or the space after a colon",
  MULTILINE_IMPLICIT_KEY: "a colon is missing, or a quote is not closed",
  MULTIPLE_ANCHORS: "one value has two names with &",
  MULTIPLE_DOCS: "a second document begins with ---; there may be only one",
  MULTIPLE_TAGS: "one value has two !",
  NON_STRING_KEY: "the name of a setting has to be text",
  RESOURCE_EXHAUSTION: "it is nested too deeply",
  TAB_AS_INDENT: "indent with spaces, not with tabs",
  TAG_RESOLVE_FAILED: "a ! is not understood here; text that begins so has to be in quotes",
  UNEXPECTED_TOKEN: "something stands where it cannot; text with special characters in it has to be in quotes",
};

function inPlainWords({ code, linePos }: YAMLError): string {
  const line = linePos?.[0].line;
  return line === undefined ? WORDS[code] : `line ${line}: ${WORDS[code]}`;
}
