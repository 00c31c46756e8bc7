import { page } from "./html.ts";
import type { TerminalPicture } from "./picture.ts";

/** A terminal's window without its frame. */
export function terminalPage({ html }: TerminalPicture): string {
  return page("terminal", `<pre>${html}</pre>`);
}
