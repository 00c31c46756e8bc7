import type { Provider } from "../../services/provider/provider.ts";
import type { Host } from "../../src/core/host.ts";
import type { HostName } from "../../src/core/names.ts";
import type { Interruptions } from "./interruptions.ts";

export type ChangingCall = "create" | "stop" | "start" | "reboot" | "setOpenings" | "destroy";

export interface ProviderUnderTest {
  readonly provider: Provider;
  /** Makes a machine of that name which is not Creel's; the result tells whether it is still there, unchanged. Absent where there can be none. */
  foreign?(name: HostName): Promise<() => Promise<boolean>>;
  /** Somebody outside. Absent where nobody can be made to knock. */
  readonly stranger?: {
    /** The address that they come from. */
    from(host: Host): string;
    /** Whether that TCP port lets them in: what listens there need not be up yet. */
    getsIn(host: Host, port: number): Promise<boolean>;
  };
  /** What may happen to calls in the middle. Absent where nothing can be made to happen. */
  readonly interruptions?: Pick<Interruptions<ChangingCall>, "lose" | "hold">;
  /** Makes one more image, on which no host stands; the result is its id. Absent where that would cost too much. */
  spareImage?(): Promise<string>;
  /** Removes whatever the tests have left. */
  dispose(): Promise<void>;
}
