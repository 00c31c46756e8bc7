import { text as allOf } from "node:stream/consumers";
import { read } from "read";
import {
  renderVault,
  renderVaultRemoved,
  renderVaultSet,
  renderVaultUnchanged,
  VAULT_PROMPTS,
} from "../channels/render/vault.ts";
import type { VaultCommand } from "../command-line.ts";
import type { Config } from "../config.ts";
import { OpsError } from "../core/errors.ts";
import { Secret, secretsIn } from "../core/secrets.ts";
import { makeFolder } from "../folders.ts";
import { show } from "./show.ts";
import { createTools } from "./tools.ts";

const INTERRUPTED = 130;

/** What a command reads and where it writes: what was asked for, and everything else. */
export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** `creel secrets`. Resolves to the exit status. Values are asked for where they are not shown, or are read from standard input. @throws OpsError. */
export async function runSecretsMode(
  config: Config,
  does: VaultCommand,
  streams: Streams,
  signal: AbortSignal,
): Promise<number> {
  makeFolder(config.stateDir, "CREEL_STATE_DIR");
  const { vault } = createTools(config);
  const usedBy = (name: string) =>
    secretsIn(config.settings).flatMap(({ setting, ref }) => (ref === `vault:${name}` ? [setting] : []));
  const left = () => {
    show(renderVaultUnchanged(), streams.stderr);
    return INTERRUPTED;
  };
  switch (does.what) {
    case "list": {
      const entries = await vault.list();
      const rows = entries.map((entry) => ({ ...entry, usedBy: usedBy(entry.name) }));
      show(renderVault(rows, Date.now()), streams.stdout);
      return 0;
    }
    case "set": {
      const value = await askFor(VAULT_PROMPTS.value(does.name), streams, signal);
      if (value === null) return left();
      show(renderVaultSet(does.name, await vault.set(does.name, value, Date.now())), streams.stdout);
      return 0;
    }
    case "rm": {
      const users = usedBy(does.name);
      if (users.length > 0) throw stillUsed(does.name, users);
      if (!(await isMeant(does.name, streams, signal))) return left();
      const wasThere = await vault.remove(does.name);
      show(renderVaultRemoved(does.name, wasThere), streams.stdout);
      return wasThere ? 0 : 1;
    }
    case "export": {
      const passphrase = await askTwice(streams, signal);
      if (passphrase === null) return left();
      streams.stdout.write(await vault.exportWith(passphrase));
      return 0;
    }
  }
}

/** null when whoever was asked left. */
async function askFor(prompt: string, streams: Streams, signal: AbortSignal): Promise<Secret | null> {
  // One newline is how lines and files end; everything else is the value's.
  if (streams.stdin.isTTY !== true) return new Secret((await allOf(streams.stdin)).replace(/\r?\n$/, ""));
  const typed = await ask({ prompt, silent: true }, streams, signal);
  return typed === null ? null : new Secret(typed.trim());
}

/** A passphrase that was mistyped where nobody sees it would lock the export for good. */
async function askTwice(streams: Streams, signal: AbortSignal): Promise<Secret | null> {
  const first = await askFor(VAULT_PROMPTS.passphrase, streams, signal);
  if (first === null) return null;
  if (first.reveal() === "")
    throw new OpsError({ code: "input-invalid", userMessage: "An export needs a passphrase. Nothing was exported." });
  if (streams.stdin.isTTY !== true) return first;
  const second = await askFor(VAULT_PROMPTS.again, streams, signal);
  if (second === null || second.reveal() === first.reveal()) return second;
  throw new OpsError({ code: "input-invalid", userMessage: "The two are not the same. Nothing was exported." });
}

/** Who pipes the command in has decided already. */
async function isMeant(name: string, streams: Streams, signal: AbortSignal): Promise<boolean> {
  if (streams.stdin.isTTY !== true) return true;
  return (await ask({ prompt: VAULT_PROMPTS.remove(name) }, streams, signal)) === name;
}

/** null when whoever was asked left, or `signal` aborted. The prompt is not part of what is printed. */
async function ask(
  options: { prompt: string; silent?: boolean },
  { stdin, stderr }: Streams,
  signal: AbortSignal,
): Promise<string | null> {
  const aborted = new Promise<null>((resolve) => signal.addEventListener("abort", () => resolve(null), { once: true }));
  // The library lets go of its input when a line is there, which it then gives, and after Ctrl-D, of which it says nothing.
  const ended = new Promise<null>((resolve) => stdin.once("pause", () => setImmediate(resolve, null)));
  const typed = read({ ...options, input: stdin, output: stderr, terminal: true }).catch(() => null);
  const answer = await Promise.race([typed, aborted, ended]);
  if (answer === null) stderr.write("\n");
  return answer;
}

function stillUsed(name: string, users: readonly string[]): OpsError {
  return new OpsError({
    code: "wrong-state",
    userMessage: `${users.join(" and ")} in creel.yaml ${users.length === 1 ? "refers" : "refer"} to vault:${name}. It was left in the vault.`,
    hint: "Change that setting first.",
  });
}
