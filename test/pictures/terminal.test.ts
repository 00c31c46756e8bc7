import { expect, test } from "vitest";
import { COLUMNS, openScreen } from "./terminal.ts";

const never = new AbortController().signal;

test("what was redrawn is there once, and what scrolled away is kept", async () => {
  const screen = openScreen();
  screen.write("1 of 2\r\n\x1b[1A\x1b[J2 of 2\r\n");
  for (let line = 0; line < 100; line += 1) screen.write(`line ${line}\r\n`);
  screen.write("creel> ");
  await screen.shows(/creel> $/, never);
  expect(screen.lines().slice(0, 2)).toEqual(["2 of 2", "line 0"]);
  expect(screen.lines()).toHaveLength(102);
});

test("lines become HTML with their looks, as wide as the terminal", async () => {
  const screen = openScreen();
  screen.write("above\r\n\x1b[32m✓\x1b[0m \x1b[1mada <is> ready\x1b[0m\r\nbelow");
  await screen.shows(/below/, never);
  const html = screen.html(1, 2);
  expect(html).toMatch(/^<div>.*<\/div>$/);
  expect(html).toContain("<span style='font-weight: bold;'>ada &lt;is> ready</span>");
  expect(html).toMatch(/<span style='color: #[0-9a-f]{6};'>✓<\/span>/);
  expect(html.replace(/<[^>]*>/g, "").replace(/&\w+;/g, "?")).toHaveLength(COLUMNS);
});

test("what does not come is told with what is there", async () => {
  const screen = openScreen();
  const patience = new AbortController();
  const waiting = screen.shows(/creel> $/, patience.signal);
  screen.write("Redis is gone");
  await screen.shows(/gone/, never);
  patience.abort();
  await expect(waiting).rejects.toThrow("was not shown:\nRedis is gone");
});
