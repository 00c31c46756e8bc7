const HIDDEN = "[redacted]";

/** A value that must not be seen. Every way of printing it gives `[redacted]`; `reveal()` is the one way to its text. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.toPrimitive](): string {
    return HIDDEN;
  }

  // console.log and util.inspect ask for this by its registered symbol.
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return HIDDEN;
  }
}

/**
 * Where a secret lives: `op://vault/item/field` (1Password), `vault:name` (Creel's own vault), `env:NAME` (environment) or `file:/path`.
 */
export type SecretRef = string & { readonly __secretRef: true };

const SECRET_REF =
  /^(?:op:\/\/[^/\s]+\/[^/\s]+(?:\/[^/\s]+){1,2}|vault:[a-z0-9][a-z0-9._-]{0,63}|env:[A-Z_][A-Z0-9_]{0,127}|file:\/[^/\s\0][^\s\0]{0,4000})$/;

export function isSecretRef(text: string): text is SecretRef {
  return SECRET_REF.test(text);
}

/** Whether a secret in Creel's own vault may be called that. */
export function isVaultName(name: string): boolean {
  return isSecretRef(`vault:${name}`);
}

/** Of a name that `isVaultName` holds for. */
export function vaultRef(name: string): SecretRef {
  return `vault:${name}` as SecretRef;
}

/** A secret that a setting refers to. */
export interface ReferredSecret {
  /** Such as `telegram.token`. */
  readonly setting: string;
  readonly ref: SecretRef;
}

/** In the order in which they stand there. */
export function secretsIn(settings: unknown, path = ""): ReferredSecret[] {
  if (typeof settings === "string") return isSecretRef(settings) ? [{ setting: path, ref: settings }] : [];
  if (typeof settings !== "object" || settings === null) return [];
  return Object.entries(settings).flatMap(([key, value]) => secretsIn(value, path === "" ? key : `${path}.${key}`));
}
