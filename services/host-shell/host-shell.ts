import type { Duplex, Readable, Writable } from "node:stream";
import type { Host } from "../../src/core/host.ts";

export interface RunOptions {
  /** Sent to the program's standard input, which is then closed. The one way for secrets. */
  readonly stdin?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface RunResult {
  /** 128 + signal number when the program was killed. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** In characters. */
interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface SessionOptions {
  /** As it would be typed on the host: its login shell reads it. null: that shell itself. */
  readonly line: string | null;
  /** The program gets a terminal of this size; `type` is what TERM says. null: three byte streams that stay apart. */
  readonly terminal: (TerminalSize & { readonly type: string }) | null;
}

/** A program on a host that somebody uses while it runs. */
export interface Session {
  /** Ended: the program reads the end of its input, and goes on. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Empty with a terminal, which has one stream for both. */
  readonly stderr: Readable;
  /** Does nothing without a terminal, or when it is over. */
  resize(size: TerminalSize): void;
  /** Ends the program with what it started. Idempotent; `ended` tells when it is over. */
  stop(): void;
  /**
   * Its exit status, 128 + signal number when it was killed; both streams have to be read to their end. Rejects with OpsError
   * `host-unreachable` (retry later) when the connection was lost.
   */
  readonly ended: Promise<number>;
}

/** A verified, authenticated connection to a host, on which everything runs as root. Closing it twice is fine. */
export interface HostShell extends AsyncDisposable {
  /** SHA-256 of the host key the host proved to own, as `Host` has it. */
  readonly hostKeyFingerprint: string;
  /**
   * Runs a program with exactly these arguments: nothing is interpreted by a shell. Any exit code is a result.
   * Output beyond 4 MiB a stream is cut. @throws OpsError `host-unreachable` (retry later), `timed-out`, `cancelled`.
   */
  run(argv: readonly [string, ...string[]], options?: RunOptions): Promise<RunResult>;
  /** Like `run`, but an exit code other than 0 is OpsError `host-command-failed` with the end of stderr as evidence; returns stdout. */
  check(argv: readonly [string, ...string[]], options?: RunOptions): Promise<string>;
  /** A byte stream to a TCP port on the host's own loopback. @throws OpsError `host-unreachable` when nothing listens there (retry later). */
  dial(port: number, signal?: AbortSignal): Promise<Duplex>;
  /** Starts a program for a person, as root. @throws OpsError `host-unreachable` (retry later). */
  open(options: SessionOptions): Promise<Session>;
  /** Resolves when the connection is over, whoever ended it. A host that stopped answering is noticed within 15 s. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** Opens shells on hosts. */
export interface HostShells {
  /** The public key, in OpenSSH's one-line form, that hosts have to accept. Made once, then the same. */
  authorizedKey(): Promise<string>;
  /**
   * One attempt. @throws OpsError `host-unreachable` (retry later) while nothing answers,
   * `host-key-mismatch` (never retried) when the host key is not one of `acceptFingerprints` (default: those of the host's label).
   */
  connect(
    host: Host,
    options?: { readonly acceptFingerprints?: readonly string[]; readonly signal?: AbortSignal },
  ): Promise<HostShell>;
}

export interface HostKeyPair {
  /** OpenSSH private key file contents. Not a `Secret`: it goes into the first boot and is rotated on the first connection. */
  readonly privateKey: string;
  /** One line, OpenSSH form. */
  readonly publicKey: string;
  readonly fingerprint: string;
}
