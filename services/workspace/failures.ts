import { errnoOf } from "../../src/core/errno.ts";
import { OpsError } from "../../src/core/errors.ts";
import { formatBytes } from "../../src/core/measures.ts";
import { visible } from "../../src/core/typed.ts";

const WHY: Readonly<Record<string, string>> = {
  ENOENT: "is not there",
  ENOTDIR: "is not a folder",
  EACCES: "may not be read by the user who runs Creel",
  EPERM: "may not be read by the user who runs Creel",
  ELOOP: "is a link that leads round in circles",
};

export function unreadable(folder: string, path: string, cause: unknown): OpsError {
  const code = errnoOf(cause);
  const why = WHY[code ?? ""] ?? `cannot be read (${code ?? String(cause)})`;
  if (path !== "") return refused(folder, path, why, "Let that user read it, or take it out of the folder.", cause);
  return new OpsError({
    code: "config-invalid",
    userMessage: `The workspace ${folder} ${why}.`,
    hint: "The setting workspace names a folder on the machine that works for the agent.",
    cause,
  });
}

export function tooMuch(folder: string, path: string, what: "file" | "path", size: number): OpsError {
  return what === "file"
    ? refused(folder, path, `has ${formatBytes(size)}`, "A workspace may have 20 MB in all.")
    : refused(folder, path, "lies too deep or has too long a name", `A path in a workspace may have ${size} bytes.`);
}

export function tooMany(folder: string, limit: string): OpsError {
  return new OpsError({
    code: "config-invalid",
    userMessage: `The workspace ${folder} has more than ${limit}.`,
    hint: "Take out what the agent does not need; it can fetch the rest itself.",
  });
}

/** `to`: what it leads to. */
export function isALink(folder: string, path: string, to: string): OpsError {
  return refused(
    folder,
    path,
    `is a link to ${to}`,
    "Put the files themselves there. A link to a file in the same folder is fine.",
  );
}

export function noName(folder: string, path: string): OpsError {
  const shown = visible(path).replaceAll("\ufffd", "?");
  return refused(folder, shown, "has a name with characters that nobody sees, or that are no text", "Rename it.");
}

export function broken(folder: string, path: string): OpsError {
  return refused(folder, path, "is neither a file nor a folder", "Take it out of the folder.");
}

export function changing(folder: string, path: string): OpsError {
  return refused(folder, path, "changes while it is read", "Try again when nothing writes into it.");
}

function refused(folder: string, path: string, why: string, hint: string, cause?: unknown): OpsError {
  return new OpsError({
    code: "config-invalid",
    userMessage: `${path} in the workspace ${folder} ${why}.`,
    hint,
    cause,
  });
}
