import { readFileSync } from "node:fs";
import { OpsError } from "../../src/core/errors.ts";
import type { UnitSpec } from "./gateway.ts";
import { memoryLimits } from "./host-limits.ts";
import type { TarFile } from "./tar.ts";

const CONTAINER_UNIT = unitFile("openclaw-gateway.container");
const SECRETS_UNIT = unitFile("creel-secrets.service");
/** A reference with a tag or digest. Neither white space nor control characters: it becomes a line of a unit file. */
const CONTAINER_IMAGE = /^[a-z0-9][a-z0-9._/-]*(?::[A-Za-z0-9_.-]+|@sha256:[0-9a-f]{64})$/;

/** Twice Node's own: a starting gateway allocates so fast that collecting it takes an eighth less processor time this way. */
const SEMI_SPACE_MB = 32;

/** A script for a host, with what all of them share at its beginning. */
export function hostScript(name: string): string {
  return ["kept.sh", name].map((part) => readFileSync(new URL(part, import.meta.url), "utf8")).join("");
}

/** The units, in the places `install.sh` and `repair.sh` expect. @throws OpsError `capacity`, `config-invalid`. */
export function unitFiles(spec: UnitSpec): TarFile[] {
  return [
    { path: "quadlet/openclaw-gateway.container", content: CONTAINER_UNIT },
    { path: "quadlet/openclaw-gateway.container.d/50-host.conf", content: hostDropIn(spec) },
    { path: "creel-secrets.service", content: SECRETS_UNIT },
  ];
}

/** What differs from host to host. Overrides the unit file. */
export function hostDropIn({ containerImage, memoryMb }: UnitSpec): string {
  if (!CONTAINER_IMAGE.test(containerImage)) {
    throw new OpsError({
      code: "config-invalid",
      userMessage: `${JSON.stringify(containerImage)} is not a container image with a tag or digest.`,
    });
  }
  const { maxMb, heapMb } = memoryLimits(memoryMb);
  return [
    "[Container]",
    `Image=${containerImage}`,
    `Environment="NODE_OPTIONS=--max-old-space-size=${heapMb} --max-semi-space-size=${SEMI_SPACE_MB}"`,
    "[Service]",
    `MemoryMax=${maxMb}M`,
    "",
  ].join("\n");
}

function unitFile(name: string): string {
  return readFileSync(new URL(`../../quadlet/${name}`, import.meta.url), "utf8");
}
