import { parseArgs } from "node:util";
import { type AgentName, isAgentName } from "./core/names.ts";

const COMMANDS = {
  init: "Ask for the settings step by step and write creel.yaml",
  start: "Run everything in one process: the prompt, the worker and, unless creel.yaml names another, Redis",
  bot: "Run only the channels; needs redis.url in creel.yaml",
  worker: "Run only a worker; any number of them on any number of machines share redis.url",
  adopt: "Rebuild the list of agents from the hosts the providers know, after Redis was lost",
  doctor: "Check programs, permissions and credentials for real, and print what to do about each",
  open: "Open the page of an agent in a browser on this machine: open NAME",
  ssh: "Log in to the host of an agent, or run a command there: ssh NAME [COMMAND]",
  secrets: "Look after the vault: secrets list, set NAME, rm NAME, export",
} as const;

export type CreelCommand = keyof typeof COMMANDS;

/** What is asked of the vault. */
export type VaultCommand =
  | { readonly what: "list" | "export" }
  | { readonly what: "set" | "rm"; readonly name: string };

export type CommandLine =
  | { readonly type: "run"; readonly command: Exclude<CreelCommand, "secrets" | "open" | "ssh"> }
  | { readonly type: "open"; readonly agent: AgentName }
  /** `words`: as typed, for the shell of the host; none: that shell. */
  | { readonly type: "ssh"; readonly agent: AgentName; readonly words: readonly string[] }
  | { readonly type: "secrets"; readonly does: VaultCommand }
  /** Print `text` and exit with `exitCode`; to standard error unless it is 0. */
  | { readonly type: "print"; readonly text: string; readonly exitCode: 0 | 2 };

const HELP = `Creel deploys and looks after self-hosted OpenClaw agents.

Usage: creel [command]

${Object.entries(COMMANDS)
  .map(([name, summary]) => `  ${name.padEnd(8)} ${summary}`)
  .join("\n")}

Without a command it starts. With lines piped in, start runs each one, waits for it, and exits with 0, or with 1 when one failed,
whoever reads what it prints:
  printf '/deploy name:ada\\n/status\\n' | creel

Options:
  -h, --help     Show this
  -v, --version  Show the version

Where Creel runs already on the same state folder, start attaches to it: this terminal, or the lines, are served by that one.
With nothing on standard input (/dev/null), start serves until it is stopped.

What follows the agent's name in creel ssh is read by the shell of the host, as with ssh. Pipes work, and so does its exit status:
  creel ssh ada journalctl -f
  creel ssh ada 'tar -C /etc -c .' >etc.tar

Settings refer to a secret in the vault as vault:NAME. Its value is asked for, or read from standard input:
  creel secrets set telegram-token <token.txt

Settings are read from creel.yaml; state is kept in $CREEL_STATE_DIR. Type /help at the prompt for what it understands.`;

/** Reads the arguments after the program's name. Never throws. */
export function parseCommandLine(args: readonly string[], version: string): CommandLine {
  // What comes after the agent belongs to the command on its host.
  const [first, ...others] = args;
  if (first === "ssh" && !["-h", "--help"].includes(others[0] ?? "")) return readSsh(others);
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "v" } },
    });
    if (values.help) return { type: "print", text: HELP, exitCode: 0 };
    if (values.version) return { type: "print", text: `creel ${version}`, exitCode: 0 };
    const [command = "start", ...more] = positionals;
    if (!isCommand(command)) return misuse(`creel has no command ${JSON.stringify(command)}.`);
    if (command === "secrets") return readVaultCommand(more);
    if (command === "open") return readOpen(more);
    if (command === "ssh") return readSsh(more);
    if (more.length > 0) return misuse(`creel ${command} takes no further words.`);
    return { type: "run", command };
  } catch (error) {
    // parseArgs explains itself in its first sentence; the rest is advice for programmers.
    return misuse(error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : String(error));
  }
}

function isCommand(name: string): name is CreelCommand {
  return Object.hasOwn(COMMANDS, name);
}

function readOpen([name, ...more]: readonly string[]): CommandLine {
  if (name === undefined) return misuse("creel open needs the agent's name.");
  if (!isAgentName(name)) return misuse(`${JSON.stringify(name)} is not the name of an agent.`);
  return more.length > 0 ? misuse("creel open takes one name.") : { type: "open", agent: name };
}

function readSsh([name, ...more]: readonly string[]): CommandLine {
  if (name === undefined) return misuse("creel ssh needs the agent's name.");
  if (!isAgentName(name)) return misuse(`${JSON.stringify(name)} is not the name of an agent.`);
  return { type: "ssh", agent: name, words: more[0] === "--" ? more.slice(1) : more };
}

function readVaultCommand([what = "list", ...more]: readonly string[]): CommandLine {
  const [name, ...rest] = more;
  if (what === "list" || what === "export") {
    if (name !== undefined) return misuse(`creel secrets ${what} takes no further words.`);
    return { type: "secrets", does: { what } };
  }
  if (what !== "set" && what !== "rm") return misuse(`creel secrets cannot ${JSON.stringify(what)}.`);
  if (name === undefined) return misuse(`creel secrets ${what} needs the secret's name, such as telegram-token.`);
  // It may be the secret itself, so it is not shown again.
  if (rest.length > 0) return misuse(`creel secrets ${what} takes a name and nothing else; a value is asked for.`);
  return { type: "secrets", does: { what, name } };
}

function misuse(complaint: string): CommandLine {
  return { type: "print", text: `${complaint}\ncreel --help shows what there is.`, exitCode: 2 };
}
