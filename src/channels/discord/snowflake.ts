/** Discord's ids tell when they were made, in milliseconds since 2015. Source: Discord API reference, "Snowflakes". */
const EPOCH_MS = 1_420_070_400_000;

/** An id; nothing else may come into an address that Creel calls. */
export const SNOWFLAKE = /^\d{1,20}$/;

/** Milliseconds since 1970, by Discord's clock. */
export function madeAtMs(id: string): number {
  return /^\d+$/.test(id) ? Number(BigInt(id) >> 22n) + EPOCH_MS : 0;
}
