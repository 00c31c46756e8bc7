export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** undefined for text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
