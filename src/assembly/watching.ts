import { lookRegularly, startCare, whenAborted } from "../fleet/care.ts";
import { giveDigest } from "../fleet/digest.ts";
import { type LookoutParts, watchProvider, watchStore } from "../fleet/lookout.ts";
import type { Creel } from "./creel.ts";

/** Lets this process watch, in turn with all others that could, what its workers can reach; until `stack` takes it apart. */
export function startWatching({ config, tools, store, services, jobs }: Creel, stack: AsyncDisposableStack): void {
  const { timeZone, digest: digestAt } = config.settings.alerts;
  const onError = (error: unknown) => tools.log.error(error);
  const { concerns, sights, leases } = store;
  const parts: LookoutParts = {
    ...{ services, concerns, sights },
    ...{ operations: jobs.operations, now: Date.now },
  };
  const stop = new AbortController();
  const watchers = [...services.providers.values()].map((provider) =>
    leases.keep(
      `watch:${provider.name}`,
      (held) => lookRegularly(watchProvider(parts, provider, held), held.signal, { onError }),
      stop.signal,
    ),
  );
  const ofAll = leases.keep(
    "watch:",
    async (held) => {
      const digest = () => giveDigest({ ...parts, unreadable: store.unreadable, timeZone }, held);
      const care = startCare({ watch: watchStore(parts, held), digest, digestAt, timeZone, onError });
      await whenAborted(held.signal);
      care.close();
    },
    stop.signal,
  );
  stack.defer(async () => {
    stop.abort();
    await Promise.all([...watchers, ofAll]);
  });
}
