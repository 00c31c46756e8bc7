import { z } from "zod";
import type { Json } from "../../core/json.ts";
import type { Fact } from "../kind.ts";
import { factsOf, understood } from "../told.ts";

/** Of the result of a change, which perhaps another version of Creel wrote. */
export function resultOf(result: Json) {
  return understood(result, {
    changes: z.array(z.string()),
    restarted: z.boolean(),
    answer: z.string().nullable(),
    model: z.string().nullable(),
    bots: z.record(z.string(), z.string().nullable()),
    overrides: z.array(z.string()),
  });
}

/** What is worth knowing of any change. */
export function factsOfChange(result: Json): readonly Fact[] {
  const { restarted, answer, overrides = [] } = resultOf(result);
  return factsOf({
    "First answer": answer ?? undefined,
    Gateway: restarted === true ? "started again, as these settings need it" : undefined,
    Note: overrides.length === 0 ? undefined : overrides.join(" "),
  });
}
