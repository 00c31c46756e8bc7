import type { AgentName } from "../../core/names.ts";

/** How the gateway logs in at a provider by itself, with a subscription or a code, for who has a terminal on Creel's machine. */
export function loginAt(agent: AgentName, provider: string): string {
  const login = `podman exec -it openclaw-gateway openclaw models auth login --provider ${provider}`;
  return `creel ssh ${agent} and there: ${login}`;
}
