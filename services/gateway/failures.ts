import { OpsError } from "../../src/core/errors.ts";
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
    case "refuses-data":
      return dataRefused(logLines);
    case null:
      return configInvalid(logLines);
  }
}

/** A gateway that stopped by itself. `why`: such as its exit status. */
export function ended(why: string, logLines: readonly string[]): OpsError {
  return toldByLog(logLines) === "disk-full" ? diskFull(logLines) : crashed(why, logLines);
}

function diskFull(logLines: readonly string[]): OpsError {
  return new OpsError({
    code: "capacity",
    userMessage: `The host's disk is full: the gateway has no room for its data in ${DATA_FOLDER} on the host and cannot start.`,
    hint: "Make room there, or deploy on a size with a larger disk.",
    evidence: logLines,
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
    hint: "The log lines say what it does not accept.",
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

/** What a call throws that was stopped through its signal: the reason itself when it is one of ours. */
export function stopped(signal: AbortSignal): OpsError {
  if (signal.reason instanceof OpsError) return signal.reason;
  return new OpsError({ code: "cancelled", userMessage: "Stopped on request.", cause: signal.reason });
}
