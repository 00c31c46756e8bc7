import type { AgentStatus } from "./desk.ts";
import type { AgentName, HostName } from "./names.ts";

interface About {
  /** The same as long as it is about the same agent or host; safe in the keys of stores. */
  readonly key: string;
  /** person: somebody has to do something · note: good to know. */
  readonly severity: "person" | "note";
  readonly agent: AgentName;
}

/** Something Creel found by itself that is not as it should be. Data only; `render/care.ts` makes it readable. */
export type Concern = About &
  (
    | {
        readonly type: "gateway-down";
        readonly gateway: Extract<AgentStatus["gateway"], "stopped" | "crashed" | "config-invalid" | "absent">;
        readonly note: string | null;
      }
    /** gone: the provider no longer has it. */
    | { readonly type: "host-down"; readonly host: "gone" | "stopped"; readonly note: string | null }
    /** It could not be asked, several times in a row. */
    | { readonly type: "silent"; readonly note: string | null }
    /** systemd has restarted the gateway `restarts` times in the last `withinMs`. */
    | { readonly type: "crash-loop"; readonly restarts: number; readonly withinMs: number }
    /** A host of Creel's that no agent in the registry has. */
    | { readonly type: "stranded-host"; readonly host: HostName; readonly provider: string }
  );
