/** Neither in base64url nor forbidden in a cloud's labels. */
const SEPARATOR = ".";

/** The fingerprints a host's label accepts: one, or during a rotation two, either of which the host may have. */
export function acceptedKeys(label: string): string[] {
  return label.split(SEPARATOR);
}

/** A label that accepts the key in use and the next one, until it is certain that the host has switched. */
export function acceptBoth(current: string, next: string): string {
  return [...new Set([...acceptedKeys(current), next])].join(SEPARATOR);
}
