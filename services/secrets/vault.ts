import { OpsError } from "../../src/core/errors.ts";
import { quoteForMessage } from "../../src/core/names.ts";
import { isVaultName, Secret } from "../../src/core/secrets.ts";
import type { SecretSource } from "./secrets.ts";
import { readVault, type VaultPlace, writeVault } from "./vault-file.ts";
import { withVaultLock } from "./vault-lock.ts";

export interface VaultEntry {
  readonly name: string;
  readonly setAtMs: number;
}

/**
 * Secrets in one encrypted file. Values are read from it when they are needed, so that a change by another process counts at once, and kept
 * nowhere. All calls may throw OpsError `secret-unavailable`; those that change something leave what was there when they do.
 */
export interface Vault extends SecretSource {
  /** Sorted by name; empty when nothing was ever put into it. */
  list(): Promise<VaultEntry[]>;
  /** Idempotent. @throws OpsError `input-invalid` for a name or a value that cannot be kept. */
  set(name: string, value: Secret, nowMs: number): Promise<"added" | "replaced">;
  /**
   * Keeps a value under `name`, or under `name-2` and so on where another value has that name, and says which. Idempotent: a value that is there
   * under such a name keeps it. @throws as `set`.
   */
  add(name: string, value: Secret, nowMs: number): Promise<string>;
  /** false when it was not there: not an error. */
  remove(name: string): Promise<boolean>;
  /** All of it as an armored age file that `passphrase` opens, with a JSON object from names to values inside. */
  exportWith(passphrase: Secret): Promise<string>;
}

const MAX_BYTES = 65_536;

export function createVault(place: VaultPlace): Vault {
  const locked = <Result>(work: () => Promise<Result>) => withVaultLock(`${place.file}.lock`, work);
  return {
    scheme: "vault",
    async resolve(ref) {
      const name = ref.slice("vault:".length);
      const contents = await readVault(place);
      const found = Object.hasOwn(contents, name) ? contents[name] : undefined;
      if (found !== undefined) return new Secret(found.value);
      throw new OpsError({
        code: "secret-unavailable",
        userMessage: `The vault has no secret ${name}.`,
        hint: `creel secrets set ${name}`,
      });
    },
    async list() {
      const entries = Object.entries(await readVault(place)).map(([name, { setAtMs }]) => ({ name, setAtMs }));
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async set(name, secret, nowMs) {
      requireName(name);
      const value = secret.reveal();
      requireValue(value);
      return await locked(async () => {
        const contents = await readVault(place);
        await writeVault(place, { ...contents, [name]: { value, setAtMs: nowMs } });
        return Object.hasOwn(contents, name) ? "replaced" : "added";
      });
    },
    async add(name, secret, nowMs) {
      requireName(name);
      const value = secret.reveal();
      requireValue(value);
      return await locked(async () => {
        const contents = await readVault(place);
        const there = (one: string) => (Object.hasOwn(contents, one) ? contents[one] : undefined);
        for (let number = 1; ; number += 1) {
          const free = number === 1 ? name : `${name}-${number}`;
          requireName(free);
          if (there(free)?.value === value) return free;
          if (there(free) !== undefined) continue;
          await writeVault(place, { ...contents, [free]: { value, setAtMs: nowMs } });
          return free;
        }
      });
    },
    async remove(name) {
      return await locked(async () => {
        const contents = await readVault(place);
        const { [name]: _removed, ...rest } = contents;
        const wasThere = Object.hasOwn(contents, name);
        if (wasThere) await writeVault(place, rest);
        return wasThere;
      });
    },
    async exportWith(passphrase) {
      const contents = Object.entries(await readVault(place)).map(([name, { value }]) => [name, value] as const);
      const { armor, Encrypter } = await import("age-encryption");
      const encrypter = new Encrypter();
      encrypter.setPassphrase(passphrase.reveal());
      return armor.encode(await encrypter.encrypt(`${JSON.stringify(Object.fromEntries(contents), null, 2)}\n`));
    },
  };
}

function requireName(name: string): void {
  if (isVaultName(name)) return;
  throw new OpsError({
    code: "input-invalid",
    userMessage: `${quoteForMessage(name)} is not a name for a secret.`,
    hint: "Use 1 to 64 of a–z, 0–9, ., _ and -, starting with a letter or digit, such as telegram-token.",
  });
}

/** White space around it is nearly always a slip of the hand that no service would forgive. */
function requireValue(value: string): void {
  const complaint =
    value === ""
      ? "is empty"
      : value.trim() !== value
        ? "begins or ends with white space"
        : Buffer.byteLength(value) > MAX_BYTES
          ? "is larger than 64 KiB"
          : null;
  if (complaint === null) return;
  throw new OpsError({
    code: "input-invalid",
    userMessage: `The value ${complaint}. Nothing was changed.`,
    hint: "Give the secret alone.",
  });
}
