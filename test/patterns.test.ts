import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { analyse } from "scslre";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Every pattern as it is written in the code, by the file it stands in. */
function patterns(): { readonly file: string; readonly pattern: string }[] {
  return globSync("{src,commands,services}/**/*.ts", { cwd: root }).flatMap((file) => {
    const source = ts.createSourceFile(file, readFileSync(`${root}/${file}`, "utf8"), ts.ScriptTarget.Latest, true);
    const found: { file: string; pattern: string }[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) found.push({ file, pattern: node.text });
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

/** Whether there are inputs for which the time grows faster than their length: by backtracking, or by beginning anew at every character. */
function isSuperLinear(pattern: string): boolean {
  const end = pattern.lastIndexOf("/");
  const { reports } = analyse(new RegExp(pattern.slice(1, end), pattern.slice(end + 1)), {
    reportTypes: { Move: true, Self: true, Trade: true },
  });
  return reports.length > 0;
}

describe("patterns", () => {
  it("that grow faster than what they are looked for in are found by this test", () => {
    for (const slow of ["/\\s+$/", "/(?<=\\bbearer\\s+)\\w+/g", "/^(?:a+)+$/"]) {
      expect({ slow, found: isSuperLinear(slow) }).toEqual({ slow, found: true });
    }
    expect(isSuperLinear("/\\n{3,}/g")).toBe(false);
  });

  it("take time in proportion to the text, whoever wrote it", () => {
    const all = patterns();
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter(({ pattern }) => isSuperLinear(pattern))).toEqual([]);
  });
});

it("chance is the kernel's: what has to be unguessable never comes from what can be computed", () => {
  const guessing = globSync("{src,commands,services}/**/*.ts", { cwd: root }).filter((file) =>
    /Math\.random/.test(readFileSync(`${root}/${file}`, "utf8")),
  );
  expect(guessing).toEqual([]);
});
