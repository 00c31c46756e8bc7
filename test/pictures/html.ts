import { readFileSync } from "node:fs";
import { join } from "node:path";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

/** A whole page; `look` names the style sheet beside this file. */
export function page(look: "discord" | "telegram" | "terminal", body: string): string {
  const style = readFileSync(join(import.meta.dirname, `${look}.css`), "utf8");
  return `<!doctype html><html lang="en"><meta charset="utf-8"><style>${style}</style><body>${body}</body></html>`;
}

/** Hours and minutes, UTC. */
export function clockTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 16);
}
