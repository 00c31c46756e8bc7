/** The version of OpenClaw that this Creel was made and tried with; `gateway.openclaw` may name another. */
export const OPENCLAW_VERSION = "2026.9.6";

/** Name and tag of the container image of a version on every host whose image was built here. */
export function containerImageOf(openclawVersion: string): string {
  return `localhost/creel/openclaw:${openclawVersion}`;
}
