import { subscribe } from "node:diagnostics_channel";
import { z } from "zod";
import { retryAfterMs } from "../../bounded-fetch/bounded-fetch.ts";

/** What 1Password's servers said to a request. */
interface ServerAnswer {
  /** Of HTTP. */
  readonly status: number;
  /** null when it did not say how long to wait. */
  readonly retryAfterMs: number | null;
}

/** The SDK says in words what went wrong, and keeps what the server said to itself; Node tells of every request that its `fetch` makes. */
export interface Traffic {
  /** Requests to 1Password that this process has made. */
  readonly requests: number;
  /** To the last of them; null while there is none. */
  readonly answer: ServerAnswer | null;
}

const headers = z.array(z.union([z.string(), z.instanceof(Buffer).transform(String), z.unknown()]));
const created = z.object({ request: z.object({ headers }) });
const answered = created.extend({ response: z.object({ statusCode: z.number(), headers }) });

let watched: Traffic | null = null;

/** One for the whole process, as `fetch` is; it hears of what happens after its first call. */
export function onePasswordTraffic(): Traffic {
  if (watched !== null) return watched;
  const traffic: { -readonly [Key in keyof Traffic]: Traffic[Key] } = { requests: 0, answer: null };
  subscribe("undici:request:create", (message) => {
    if (!isByTheSdk(created.safeParse(message).data)) return;
    traffic.requests += 1;
    traffic.answer = null;
  });
  subscribe("undici:request:headers", (message) => {
    const { data } = answered.safeParse(message);
    if (data === undefined || !isByTheSdk(data)) return;
    const { statusCode: status, headers: said } = data.response;
    traffic.answer = { status, retryAfterMs: retryAfterMs(headerIn(said, "retry-after")) };
  });
  watched = traffic;
  return traffic;
}

function isByTheSdk(message: z.output<typeof created> | undefined): boolean {
  return message !== undefined && headerIn(message.request.headers, "user-agent")?.startsWith("1Password ") === true;
}

/** Names and values in turns. */
function headerIn(list: readonly unknown[], name: string): string | null {
  const index = list.findIndex((part, at) => at % 2 === 0 && String(part).toLowerCase() === name);
  return index === -1 ? null : String(list[index + 1]);
}
