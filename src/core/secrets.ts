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

/** Where a secret lives: `op://vault/item/field` (1Password), `vault:name` (local vault) or `env:NAME` (environment). */
export type SecretRef = string & { readonly __secretRef: true };

const SECRET_REF =
  /^(?:op:\/\/[^/\s]+\/[^/\s]+(?:\/[^/\s]+){1,2}|vault:[a-z0-9][a-z0-9._-]{0,63}|env:[A-Z_][A-Z0-9_]{0,127})$/;

export function isSecretRef(text: string): text is SecretRef {
  return SECRET_REF.test(text);
}
