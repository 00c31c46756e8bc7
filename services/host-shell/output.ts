/** So much of each stream of a program is kept. */
export const OUTPUT_LIMIT_BYTES = 4 * 1024 * 1024;

/** The beginning that is kept. */
export function cutOutput(text: string): string {
  return Buffer.from(text).subarray(0, OUTPUT_LIMIT_BYTES).toString();
}
