/** The names that Creel suggests and its documentation uses. */
export const DISCORD_VARIABLE = "CREEL_DISCORD_TOKEN";
export const TELEGRAM_VARIABLE = "CREEL_TELEGRAM_TOKEN";

/** Whether an environment variable may be called that. Capitals only, which tells names from tokens. */
export function isVariable(name: string): boolean {
  return /^[A-Z_][A-Z0-9_]{0,127}$/.test(name);
}
