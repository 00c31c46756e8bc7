/**
 * What nobody types by hand: Discord's three parts with dots, Telegram's number and colon (layouts: the Telegram Bot API, Discord's reference), and
 * any long run of letters of both cases and digits.
 */
const SHAPES: readonly RegExp[] = [
  /[\w-]{18,}\.[\w-]{4,}\.[\w-]{18,}/,
  /\d{6,}:[\w-]{20,}/,
  /(?=[\w.:+/=-]*[a-z])(?=[\w.:+/=-]*[A-Z])(?=[\w.:+/=-]*\d)[\w.:+/=-]{32,}/,
];

export function looksLikeToken(text: string): boolean {
  return SHAPES.some((shape) => shape.test(text));
}
