import { OpsError } from "../../src/core/errors.ts";
import { OPENCLAW_VERSION } from "../../src/core/openclaw.ts";
import { toldByLog } from "./log-words.ts";
import { DATA_FOLDER } from "./paths.ts";

export function notReady(why: string, cause?: unknown): OpsError {
  return new OpsError({
    code: "gateway-not-ready",
    retry: "later",
    userMessage: `The gateway is not ready: ${why}.`,
    cause,
  });
}

/** A gateway that ended with the exit status for a refused configuration, which OpenClaw also uses for other refusals. */
export function refused(logLines: readonly string[]): OpsError {
  switch (toldByLog(logLines)) {
    case "disk-full":
      return diskFull(logLines);
    case "no-secrets":
      return secretsMissing(logLines);
    case "refuses-data":
      return dataRefused(logLines);
    default:
      return configInvalid(logLines);
  }
}

/** A gateway that stopped by itself. `why`: such as its exit status. */
export function ended(why: string, logLines: readonly string[]): OpsError {
  switch (toldByLog(logLines)) {
    case "disk-full":
      return diskFull(logLines);
    case "no-secrets":
      return secretsMissing(logLines);
    case "out-of-memory":
      return outOfMemory(why, logLines);
    default:
      return crashed(why, logLines);
  }
}

export function diskFull(logLines: readonly string[]): OpsError {
  return new OpsError({
    code: "capacity",
    userMessage: `The host's disk is full: the gateway has no room for its data in ${DATA_FOLDER} on the host.`,
    hint: "Make room there, or deploy on a size with a larger disk.",
    evidence: logLines,
  });
}

/** What a system makes of a disk with errors. */
export function readOnly(): OpsError {
  return new OpsError({
    code: "capacity",
    userMessage: `Nothing can be written into ${DATA_FOLDER} on the host any more: the gateway loses what its agent does.`,
    hint: "Its disk may have errors: look at the host's kernel log with dmesg.",
  });
}

function outOfMemory(why: string, logLines: readonly string[]): OpsError {
  return new OpsError({
    code: "capacity",
    userMessage: `The gateway ran out of memory and stopped (${why}).`,
    hint: "Let it do less at once, or deploy on a size with more memory.",
    evidence: logLines,
  });
}

export function secretsMissing(logLines: readonly string[]): OpsError {
  return new OpsError({
    code: "secret-unavailable",
    userMessage: "The gateway's secrets are not in its host's memory, without which it does not start.",
    hint: "/restart brings them there again.",
    evidence: logLines,
  });
}

/** Podman ended before there was a container. */
export function containerBroken(logLines: readonly string[]): OpsError {
  return new OpsError({
    code: "gateway-crashed",
    userMessage: "Podman on the host cannot start the gateway's container.",
    hint: "/restart gives Podman a new storage when its own is damaged.",
    evidence: logLines,
  });
}

/** Of a gateway that is ready. */
export function channelsHeldBack(channels: readonly string[]): OpsError {
  return new OpsError({
    code: "gateway-not-ready",
    userMessage: `It was cut off several times within minutes, so the gateway has not started ${channels.join(", ")} again.`,
    hint: "It does so by itself after five quiet minutes; /restart does it now.",
  });
}

function dataRefused(logLines: readonly string[]): OpsError {
  return new OpsError({
    code: "gateway-config-invalid",
    userMessage:
      "The gateway refuses its data and was not started again: it does not fit this version of OpenClaw as it is.",
    hint: "The log lines say what has to be migrated.",
    evidence: logLines,
  });
}

export function configInvalid(logLines: readonly string[]): OpsError {
  return new OpsError({
    code: "gateway-config-invalid",
    userMessage: "The gateway refuses its configuration and was not started again.",
    hint: "The log lines say what it does not accept. /restart puts Creel's own in its place and keeps this one beside it.",
    evidence: logLines,
  });
}

export function crashed(why: string, logLines: readonly string[]): OpsError {
  return new OpsError({
    code: "gateway-crashed",
    userMessage: `The gateway stopped by itself (${why}) and cannot come up.`,
    hint: "The log lines may say why.",
    evidence: logLines,
  });
}

export function portTaken(logLines: readonly string[]): OpsError {
  return new OpsError({
    code: "address-in-use",
    userMessage: "Something else on the host has taken the gateway's port.",
    hint: "Find it on the host with ss -ltnp, or set another gateway.port in creel.yaml.",
    evidence: logLines,
  });
}

export function rpcFailed(why: string, cause?: unknown): OpsError {
  return new OpsError({ code: "gateway-rpc-failed", userMessage: `The gateway's RPC is not usable: ${why}.`, cause });
}

/** Of a gateway that runs, with the configuration it had before. `complaint`: half a sentence of its own. */
export function notTaken(complaint: string, evidence: readonly string[]): OpsError {
  return new OpsError({
    code: "gateway-config-invalid",
    userMessage: `The gateway does not take its new settings: ${complaint}.`,
    hint: "Correct them in creel.yaml, or choose others.",
    evidence,
  });
}

/** What OpenClaw says against settings, each with its path in Creel's own. */
export function settingsRefused(complaints: readonly string[]): OpsError {
  const [first = "it does not say why", ...others] = complaints;
  const more = others.length > 0 ? `, and ${others.length} more` : "";
  return new OpsError({
    code: "settings-refused",
    userMessage: `OpenClaw refuses the settings: ${first}${more}.`,
    hint: "Nothing was changed. Correct them in creel.yaml, or choose others.",
    evidence: complaints,
  });
}

/** Golden images have OpenClaw's plugin for Discord, but for ones that an older Creel made, or of versions that have none. */
export function discordMissing(): OpsError {
  return new OpsError({
    code: "settings-refused",
    userMessage: "OpenClaw on this host cannot speak to Discord: it came without its plugin for it.",
    hint: `An agent that you deploy now, with OpenClaw ${OPENCLAW_VERSION}, has the plugin.`,
  });
}
