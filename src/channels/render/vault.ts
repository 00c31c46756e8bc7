import { type Message, message, text } from "../../core/message.ts";

export interface VaultRow {
  readonly name: string;
  readonly setAtMs: number;
  /** Settings that refer to it. */
  readonly usedBy: readonly string[];
}

export function renderVault(rows: readonly VaultRow[], nowMs: number): Message {
  if (rows.length === 0)
    return message("The vault is empty.", "plain", [text("creel secrets set NAME puts something into it.")]);
  return message(
    rows.length === 1 ? "One secret is in the vault." : `${rows.length} secrets are in the vault.`,
    "plain",
    [
      {
        type: "table",
        head: ["Name", "Set", "Used by"],
        rows: rows.map(({ name, setAtMs, usedBy }) => [name, age(nowMs - setAtMs), usedBy.join(", ")]),
      },
    ],
  );
}

export function renderVaultSet(name: string, what: "added" | "replaced"): Message {
  const title = what === "added" ? `${name} is in the vault.` : `${name} has a new value.`;
  return message(title, "good", [text(`Settings refer to it as vault:${name}.`)]);
}

export function renderVaultRemoved(name: string, wasThere: boolean): Message {
  return wasThere
    ? message(`${name} is not in the vault any more.`, "good", [])
    : message(`The vault has no secret ${name}.`, "bad", [text("creel secrets list shows what is in it.")]);
}

/** Whoever asked has left. */
export function renderVaultUnchanged(): Message {
  return message("Nothing was changed.", "plain", []);
}

export const VAULT_PROMPTS = {
  value: (name: string) => `Value of ${name} (not shown):`,
  remove: (name: string) => `Type ${name} to remove it for good:`,
  passphrase: "Passphrase that opens the export (not shown):",
  again: "The same once more:",
} as const;

function age(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  if (days < 1) return "today";
  return days === 1 ? "yesterday" : `${days} days ago`;
}
