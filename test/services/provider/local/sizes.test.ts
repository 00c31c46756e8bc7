import { expect, test } from "vitest";
import { sizesFinding } from "../../../../services/provider/local/nspawn/diagnose.ts";

test.each([
  [
    ["cpu", "memory", "pids"],
    "limits the processors and the memory and nothing else: one host can take all of this machine's disk.",
  ],
  [
    ["memory"],
    "limits the memory and nothing else: one host can take all of this machine's processors and disk. It keeps the controllers for the processors from",
  ],
  [
    ["cpu"],
    "limits the processors and nothing else: one host can take all of this machine's memory and disk. It keeps the controllers for the memory from",
  ],
  [
    [],
    "limits nothing: one host can take all of this machine's processors, memory and disk. It keeps the controllers for the processors and the memory from",
  ],
])("with the controllers %j, doctor says what a size limits", (usable, words) => {
  expect(sizesFinding(usable).seen).toContain(words);
});
