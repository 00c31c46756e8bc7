import type { KnownProvider } from "./model-api.ts";

/** How a provider is asked. */
export type Manner =
  /** `GET /models`, as OpenAI has it. */
  | "list"
  /** `GET /models/ID`, with Anthropic's headers. */
  | "anthropic"
  /** `GET /models/ID`, with Google's header. */
  | "google";

export interface ProviderEntry extends KnownProvider {
  /** null: it is asked by the gateway alone. */
  readonly address: string | null;
  readonly manner: Manner;
  /** For those that show their models to anybody: what they show to good keys only; null: nothing. Absent: their models. */
  readonly keyCheck?: string | null;
}

const BROUGHT = { baseUrl: null, api: null } as const;

/** OpenClaw brings it along. */
function brought(title: string, keysAt: string, address: string, more: Partial<ProviderEntry> = {}): ProviderEntry {
  return { title, keysAt, address, manner: "list", hasLogin: false, setup: BROUGHT, ...more };
}

/** OpenClaw has a plugin for it that agents do not have; what it speaks is enough. */
function compatible(title: string, keysAt: string, address: string): ProviderEntry {
  const setup = { baseUrl: address, api: "openai-completions" } as const;
  return { title, keysAt, address, manner: "list", hasLogin: false, setup };
}

/** It takes no key: OpenClaw logs in there. */
function loginOnly(title: string): ProviderEntry {
  return { title, keysAt: null, address: null, manner: "list", hasLogin: true, setup: BROUGHT };
}

/** By the names that OpenClaw has for them. */
export const KNOWN_PROVIDERS: ReadonlyMap<string, ProviderEntry> = new Map([
  [
    "anthropic",
    brought("Anthropic", "console.anthropic.com/settings/keys", "https://api.anthropic.com/v1", {
      manner: "anthropic",
    }),
  ],
  ["openai", brought("OpenAI", "platform.openai.com/api-keys", "https://api.openai.com/v1", { hasLogin: true })],
  [
    "google",
    brought("Google Gemini", "aistudio.google.com/apikey", "https://generativelanguage.googleapis.com/v1beta", {
      manner: "google",
    }),
  ],
  [
    "openrouter",
    brought("OpenRouter", "openrouter.ai/settings/keys", "https://openrouter.ai/api/v1", {
      keyCheck: "https://openrouter.ai/api/v1/key",
    }),
  ],
  ["xai", brought("xAI", "console.x.ai", "https://api.x.ai/v1", { hasLogin: true })],
  ["together", brought("Together AI", "api.together.ai/settings/api-keys", "https://api.together.xyz/v1")],
  [
    "huggingface",
    brought("Hugging Face", "huggingface.co/settings/tokens", "https://router.huggingface.co/v1", {
      keyCheck: "https://huggingface.co/api/whoami-v2",
    }),
  ],
  [
    "nvidia",
    brought("NVIDIA", "build.nvidia.com/settings/api-keys", "https://integrate.api.nvidia.com/v1", { keyCheck: null }),
  ],
  ["groq", compatible("Groq", "console.groq.com/keys", "https://api.groq.com/openai/v1")],
  ["mistral", compatible("Mistral", "console.mistral.ai/api-keys", "https://api.mistral.ai/v1")],
  ["deepseek", compatible("DeepSeek", "platform.deepseek.com/api_keys", "https://api.deepseek.com")],
  ["moonshot", compatible("Moonshot AI", "platform.moonshot.ai/console/api-keys", "https://api.moonshot.ai/v1")],
  ["cerebras", compatible("Cerebras", "cloud.cerebras.ai", "https://api.cerebras.ai/v1")],
  ["fireworks", compatible("Fireworks", "app.fireworks.ai", "https://api.fireworks.ai/inference/v1")],
  ["cohere", compatible("Cohere", "dashboard.cohere.com/api-keys", "https://api.cohere.ai/compatibility/v1")],
  ["github-copilot", loginOnly("GitHub Copilot")],
  ["minimax-portal", loginOnly("MiniMax Coding Plan")],
  ["zai", compatible("Z.AI", "z.ai/manage-apikey/apikey-list", "https://api.z.ai/api/paas/v4")],
]);
