import fc from "fast-check";

const junk = fc.constantFrom<unknown>(
  ...[null, undefined, true, 0, -1, 1.5, 1e300, "", "x", "../..", "\u0000", [], [null], [[[]]], {}, { id: null }],
  ...[{ toString: "x" }, { length: 1e9 }, "9".repeat(400)],
);

/** Every value inside, by its path; the whole first. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  const inner = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return [[...path], ...inner.flatMap(([key, one]) => pathsOf(one, [...path, key]))];
}

/** A copy with another value at the path; `undefined` takes it out. */
function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((one, index) => (String(index) === key ? replaced(one, rest, by) : one));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, name === key ? replaced(one, rest, by) : one]),
  );
}

/** The real thing with one to three of its parts replaced or taken out. */
export function mangled(real: unknown): fc.Arbitrary<unknown> {
  const change = fc.record({ path: fc.constantFrom(...pathsOf(real)), by: junk });
  return fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce<unknown>((value, { path, by }) => replaced(value, path, by), real));
}
