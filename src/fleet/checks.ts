import { access, constants, statfs } from "node:fs/promises";
import type { Provider } from "../../services/provider/provider.ts";
import { OpsError } from "../core/errors.ts";
import type { Secret, SecretRef } from "../core/secrets.ts";
import type { Check } from "./doctor.ts";

export interface CheckedParts {
  readonly stateDir: string;
  readonly cacheDir: string;
  /** null when the defaults apply. */
  readonly configFile: string | null;
  readonly secrets: readonly { readonly setting: string; readonly ref: SecretRef }[];
  /** Throws for what the schema alone cannot find. */
  readonly checkSettings: () => void;
  /** @throws OpsError `config-invalid` that names the variable. */
  readonly makeFolder: (path: string, variable: string) => void;
  readonly resolve: (ref: SecretRef) => Promise<Secret>;
  /** Opens the store as an operation would, closes it again, and returns warnings. */
  readonly openStore: () => Promise<readonly string[]>;
  readonly providers: readonly Provider[];
  readonly chats: readonly Check[];
}

const LOW_BYTES = 2 * 2 ** 30;

/** What `creel doctor` looks at, in the order it is shown. */
export function checks(parts: CheckedParts): Check[] {
  const { configFile, secrets, resolve, providers } = parts;
  return [
    {
      subject: "configuration",
      look: async () => {
        parts.checkSettings();
        return configFile === null ? "There is no creel.yaml; the defaults apply." : `${configFile} is valid.`;
      },
    },
    { subject: "state folder", look: () => folder(parts.stateDir, "CREEL_STATE_DIR", parts.makeFolder) },
    { subject: "cache folder", look: () => folder(parts.cacheDir, "CREEL_CACHE_DIR", parts.makeFolder) },
    { subject: "redis", look: () => store(parts.openStore) },
    ...secrets.map(({ setting, ref }) => ({
      subject: setting,
      look: async () => {
        await resolve(ref);
        return `${ref} can be read.`;
      },
    })),
    ...parts.chats,
    ...providers.map((provider) => ({ subject: provider.name, look: () => provider.diagnose() })),
    ...providers.map((provider) => ({ subject: `${provider.name} golden image`, look: () => snapshot(provider) })),
  ];
}

async function folder(path: string, variable: string, makeFolder: CheckedParts["makeFolder"]) {
  makeFolder(path, variable);
  await access(path, constants.W_OK).catch((cause: unknown) => {
    throw new OpsError({
      code: "config-invalid",
      userMessage: `${path} cannot be written to.`,
      hint: `Change its owner, or set ${variable} to another folder.`,
      cause,
    });
  });
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  const seen = `${path}, ${(free / 2 ** 30).toFixed(1)} GiB free.`;
  if (free > LOW_BYTES) return seen;
  return [
    {
      subject: path,
      verdict: "warning" as const,
      seen,
      fix: "A host and its gateway want at least 2 GiB; free some space.",
    },
  ];
}

async function store(open: CheckedParts["openStore"]) {
  try {
    const warnings = await open();
    if (warnings.length === 0) return "It answers, writes everything down and evicts nothing.";
    return warnings.map((seen) => ({
      subject: "redis",
      verdict: "warning" as const,
      seen,
      fix: "Change it in Redis' configuration.",
    }));
  } catch (error) {
    // Creel's own Redis belongs to the Creel that runs; it is fine as long as that one is.
    if (error instanceof OpsError && error.code === "wrong-state") return error.userMessage;
    throw error;
  }
}

async function snapshot(provider: Provider) {
  const { current, wanted } = await provider.snapshots.status();
  if (current !== null) return `${current.fingerprint} with OpenClaw ${current.openclawVersion} is ready.`;
  const seen = `${wanted} has not been built yet.`;
  return [
    {
      subject: `${provider.name} golden image`,
      verdict: "warning" as const,
      seen,
      fix: "The first /deploy builds it, or type /image build.",
    },
  ];
}
