import { OpsError } from "../../src/core/errors.ts";

export function notReady(why: string, cause?: unknown): OpsError {
  return new OpsError({
    code: "gateway-not-ready",
    retry: "later",
    userMessage: `The gateway is not ready: ${why}.`,
    cause,
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
