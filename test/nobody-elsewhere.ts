import type { Elsewhere } from "../src/core/sight.ts";

/** No other process works or watches. */
export const nobodyElsewhere: Elsewhere = { sights: async () => [], served: async () => new Set() };
