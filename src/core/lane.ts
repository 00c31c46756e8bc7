/**
 * Where operations wait for a worker that can reach what they are about: a lane for the hosts of each provider, and one beside it for its
 * images, because building one takes longer than a host should wait. `local@…` is one machine's; what any machine may do is asked of `local`.
 */
export type Lane = string;

const IMAGES = "/images";

export function hostLane(provider: string): Lane {
  return provider;
}

export function imageLane(provider: string): Lane {
  return `${provider}${IMAGES}`;
}

/** All lanes that a worker serves which has this provider. */
export function lanesOf(provider: string): Lane[] {
  return [...new Set([provider, kindOf(provider)])].flatMap((name) => [hostLane(name), imageLane(name)]);
}

/** `local` for `local@…`; others are of their own kind. */
export function kindOf(provider: string): string {
  return provider.split("@", 1)[0] ?? provider;
}

export function providerOf(lane: Lane): string {
  return lane.endsWith(IMAGES) ? lane.slice(0, -IMAGES.length) : lane;
}

/** Who has to be there for an operation on this lane, after "waits for". */
export function whoServes(lane: Lane): string {
  const provider = providerOf(lane);
  if (provider.includes("@")) return `a worker at ${provider}; none runs there now`;
  return `a worker with the provider ${provider}; none runs now`;
}
