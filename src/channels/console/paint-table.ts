import { type Look, styled } from "./look.ts";
import { cells, clean, padEnd, truncate, wrap } from "./text-width.ts";

const GAP = "  ";
/** A last column narrower than this is harder to read than rows below each other. */
const NARROWEST_LAST = 16;

/** Names and values in two columns; below each other where that would not fit. */
export function paintFields(
  fields: readonly { readonly name: string; readonly value: string }[],
  look: Look,
): string[] {
  const nameWidth = Math.max(0, ...fields.map((field) => cells(clean(field.name))));
  const room = look.columns - nameWidth - GAP.length;
  const widest = Math.max(0, ...fields.map((field) => cells(clean(field.value))));
  const stacked = room < widest && (room < NARROWEST_LAST || nameWidth > look.columns / 2);
  return fields.flatMap(({ name, value }) => {
    if (stacked) {
      const below = wrap(clean(value), look.columns - GAP.length).map((line) => GAP + line);
      return [...wrap(clean(name), look.columns).map((line) => styled(look, "cyan", line)), ...below];
    }
    const lines = wrap(clean(value), room);
    return lines.map(
      (line, index) => styled(look, "cyan", padEnd(index === 0 ? clean(name) : "", nameWidth)) + GAP + line,
    );
  });
}

/** A table; the last column wraps. Where even that does not fit, each row becomes a small list of its own. */
export function paintTable(head: readonly string[], rows: readonly (readonly string[])[], look: Look): string[] {
  const used = head.map((_, column) => rows.some((row) => (row[column] ?? "") !== ""));
  const keep = (row: readonly string[]) => row.filter((_, column) => used[column]).map(clean);
  const titles = keep(head);
  const bodies = rows.map(keep);
  const widths = titles.map((title, column) =>
    Math.max(cells(title), ...bodies.map((row) => cells(row[column] ?? ""))),
  );
  const fixed = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  const lastWidth = Math.min(widths.at(-1) ?? 0, look.columns - fixed);
  if (lastWidth < Math.min(NARROWEST_LAST, widths.at(-1) ?? 0))
    return bodies.flatMap((row) => stack(titles, row, look));

  const columns = [...widths.slice(0, -1), lastWidth];
  const draw = (row: readonly string[]) => {
    const last = wrap(row.at(-1) ?? "", lastWidth);
    return last.map((line, index) =>
      columns
        .map((width, column) =>
          column === columns.length - 1 ? line : padEnd(index === 0 ? (row[column] ?? "") : "", width),
        )
        .join(GAP)
        .trimEnd(),
    );
  };
  return [...draw(titles).map((line) => styled(look, "dim", line)), ...bodies.flatMap(draw)];
}

function stack(titles: readonly string[], row: readonly string[], look: Look): string[] {
  const [first = "", ...rest] = row;
  const below = rest
    .map((value, index) => ({ name: titles[index + 1] ?? "", value }))
    .filter(({ value }) => value !== "");
  const inner = { ...look, columns: look.columns - GAP.length };
  return [styled(look, "bold", truncate(first, look.columns)), ...paintFields(below, inner).map((line) => GAP + line)];
}
