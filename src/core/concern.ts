import type { ChatName, Place } from "./chat.ts";
import type { AgentStatus } from "./desk.ts";
import type { OldImage } from "./golden-image.ts";
import type { Held } from "./lease.ts";
import type { AgentName, HostName, OperationId } from "./names.ts";
import type { Unreadable } from "./unreadable.ts";

interface About {
  /** The same as long as it is about the same agent or host; safe in the keys of stores. */
  readonly key: string;
  /** person: somebody has to do something · note: good to know. */
  readonly severity: "person" | "note";
  readonly agent: AgentName;
}

/** Something Creel found by itself that is not as it should be. Data only; `render/care.ts` makes it readable. */
export type Concern = AgentConcern | ImageConcern | StuckConcern | UnwatchedConcern | RefusedConcern | LostConcern;

/** A concern as it is kept, until it is over. */
export interface StandingConcern {
  readonly concern: Concern;
  /** Another one each time: what was over and came back is not the same. */
  readonly episode: string;
  /** Whose look it comes from: the name of a lease; null: nobody's, it was met with. */
  readonly scope: string | null;
}

/** What stands, for all processes to see. Calls may throw OpsError `store-unavailable`, and those with a lease that was lost `superseded`. */
export interface Concerns {
  /** Those that can be read, by key. */
  all(): Promise<StandingConcern[]>;
  /** From now on it stands, or is put otherwise. Idempotent. Nothing where a newer Creel keeps one that this one cannot read. */
  raise(concern: Concern, by: Held | null): Promise<void>;
  /** It is over. Idempotent. */
  settle(key: string, by: Held | null): Promise<void>;
  /** Calls `onChange` when something has changed, or may have been missed, until the returned function is called. */
  listen(onChange: () => void): () => void;
}

interface Alarm {
  readonly key: string;
  readonly severity: "person";
}

/** As `stuck` of an agent, of what was asked for of none, or of one that is in the list no more. */
interface StuckConcern extends Alarm {
  readonly type: "stuck-alone";
  readonly operation: OperationId;
  readonly formerAgent: AgentName | null;
  readonly kind: string;
  readonly note: string | null;
}

/** Agents that no worker which is alive can look after. */
interface UnwatchedConcern extends Alarm {
  readonly type: "unwatched";
  readonly provider: string;
  readonly agents: readonly AgentName[];
}

/** A chat does not take the bot. */
interface RefusedConcern extends Alarm {
  readonly type: "chat-refused";
  readonly chat: ChatName;
  readonly userMessage: string;
  readonly hint: string | null;
}

/** Creel may not write any more where alerts are told. */
interface LostConcern extends Alarm {
  readonly type: "alerts-lost";
  readonly place: Place;
}

/** What new hosts start from has been without repairs for `days` days, longer than the owner wants. */
interface ImageConcern extends OldImage {
  readonly key: string;
  readonly severity: "note";
  readonly type: "old-image";
}

export type AgentConcern = About &
  (
    | {
        readonly type: "gateway-down";
        readonly gateway: Extract<
          AgentStatus["gateway"],
          "stopped" | "crashed" | "config-invalid" | "absent" | "unready"
        >;
        readonly note: string | null;
      }
    /** Its gateway is ready, and yet something keeps it from doing its work. */
    | { readonly type: "ailing"; readonly note: string }
    /** gone: the provider no longer has it. */
    | { readonly type: "host-down"; readonly host: "gone" | "stopped"; readonly note: string | null }
    /** It serves, but reaches nothing. */
    | { readonly type: "no-network"; readonly note: string | null }
    /** It could not be asked, several times in a row. */
    | { readonly type: "silent"; readonly note: string | null }
    /** systemd has restarted the gateway `restarts` times in the last `withinMs`. */
    | {
        readonly type: "crash-loop";
        readonly restarts: number;
        readonly withinMs: number;
        readonly note: string | null;
      }
    /** An operation failed or was cancelled, and undoing it got no further. */
    | { readonly type: "stuck"; readonly operation: OperationId; readonly note: string | null }
    /** Its deploy has ended without anybody having written down how. */
    | { readonly type: "half-made" }
    /** Its record in the store cannot be read, so nobody looks after it. */
    | { readonly type: "unreadable"; readonly why: Unreadable["why"] }
    /** A host of Creel's that no agent in the registry has. */
    | { readonly type: "stranded-host"; readonly host: HostName; readonly provider: string }
  );
