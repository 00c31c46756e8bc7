import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { OpsError } from "../../src/core/errors.ts";
import type { Secret } from "../../src/core/secrets.ts";
import { type InitParts, runInit } from "../../src/init/init.ts";

export const ID = "80351110224678912";
export const OTHER_ID = "165511591545143296";
export const GUILD = "197038439483310086";
export const CHANNEL = "175928847299117063";
/** Made up, in the layout of real ones. */
export const DISCORD_TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";
export const TELEGRAM_TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0";

export interface TestFolder extends Disposable {
  readonly path: string;
  readonly file: string;
}

export function testFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), "creel-init-"));
  return {
    path,
    file: join(path, "creel.yaml"),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Knows the two tokens and refuses all others. */
async function describeDiscord(token: Secret) {
  if (token.reveal() === DISCORD_TOKEN) return { applicationId: "198622483471925248", name: "Creel of Mo" };
  throw new OpsError({ code: "chat-refused", userMessage: `Discord refuses ${token.reveal()}.`, hint: "Reset it." });
}

async function describeTelegram(token: Secret) {
  if (token.reveal() === TELEGRAM_TOKEN) return { id: "110201543", username: "mos_creel_bot" };
  throw new OpsError({ code: "chat-refused", userMessage: "Telegram refuses the token." });
}

export interface Conversation {
  readonly exitCode: number;
  /** What was shown; what a person types at a terminal is echoed in it. */
  readonly shown: string;
}

function partsFor(file: string, parts: Partial<InitParts>): Omit<InitParts, "input" | "output" | "interactive"> {
  return {
    file,
    environment: {},
    describeDiscord,
    describeTelegram,
    inviteLink: (id) => `https://invite.example/${id}`,
    user: "mo",
    timeZone: "Europe/Berlin",
    now: () => Date.UTC(2026, 10, 21, 9, 30, 0),
    signal: new AbortController().signal,
    ...parts,
  };
}

/** `lines` piped in. */
export async function piped(
  file: string,
  lines: readonly string[],
  parts: Partial<InitParts> = {},
): Promise<Conversation> {
  const screen = collect();
  const input = Readable.from(lines.map((line) => `${line}\n`));
  const exitCode = await runInit({ ...partsFor(file, parts), input, output: screen.output, interactive: false });
  return { exitCode, shown: screen.text() };
}

/** Types each answer once its question is shown; null: Ctrl-D. */
export async function typed(
  file: string,
  script: readonly (readonly [question: string, answer: string | null])[],
  parts: Partial<InitParts> = {},
  columns?: number,
): Promise<Conversation> {
  const input = new PassThrough();
  const waiting = [...script];
  let unseen = "";
  const screen = collect((chunk) => {
    unseen += chunk;
    const [next] = waiting;
    if (next === undefined || !unseen.includes(next[0])) return;
    if (!stripVTControlCharacters(unseen).endsWith(": ")) return;
    waiting.shift();
    unseen = "";
    // Not from inside the write that drew the question.
    setImmediate(() => (next[1] === null ? input.end() : input.write(next[1])));
  });
  const output = columns === undefined ? screen.output : Object.assign(screen.output, { columns });
  const exitCode = await runInit({ ...partsFor(file, parts), input, output, interactive: true });
  if (waiting.length > 0) throw new Error(`Never asked: ${waiting[0]?.[0]}\n${screen.text()}`);
  return { exitCode, shown: screen.text() };
}

/** The terminal cannot be read any more when the first question is shown. */
export async function cutOff(file: string): Promise<Conversation> {
  const input = new PassThrough();
  const screen = collect((chunk) => {
    if (stripVTControlCharacters(chunk).endsWith(": "))
      setImmediate(() => input.destroy(Object.assign(new Error("EIO"), { code: "EIO" })));
  });
  const exitCode = await runInit({ ...partsFor(file, {}), input, output: screen.output, interactive: true });
  return { exitCode, shown: screen.text() };
}

function collect(onChunk: (chunk: string) => void = () => undefined) {
  const chunks: string[] = [];
  const output = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      onChunk(String(chunk));
      done();
    },
  });
  return { output, text: () => chunks.join("") };
}
