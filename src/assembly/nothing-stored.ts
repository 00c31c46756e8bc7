/** For what is done without a store: nothing is found in it, and nothing is kept. */
export const NOTHING_STORED = {
  registry: {
    get: async () => null,
    list: async () => [],
    unreadable: async () => [],
    put: async () => undefined,
    claim: async () => null,
    remove: async () => undefined,
  },
  memory: {
    get: async () => null,
    names: async () => [],
    put: async () => undefined,
    remove: async () => undefined,
  },
  elsewhere: { served: async () => new Set<string>(), sights: async () => [] },
};
