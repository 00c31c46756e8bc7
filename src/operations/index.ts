import { ask } from "./ask.ts";
import { deploy } from "./deploy/deploy.ts";
import { destroy } from "./destroy.ts";
import { imageBuild } from "./image-build.ts";
import type { OperationKind } from "./kind.ts";
import { restart } from "./restart.ts";
import { configure } from "./settings/configure.ts";
import { connect } from "./settings/connect.ts";
import { disconnect } from "./settings/disconnect.ts";
import { model } from "./settings/model.ts";
import type { SettingsPorts } from "./settings/ports.ts";

const changes = [model, connect, disconnect, configure] as const;

/** Everything durable that Creel does. */
export const operations = [deploy, ...changes, restart, destroy, imageBuild, ask] as const;

type Taker<Of> = Of extends OperationKind<infer _Params, infer Ports> ? (ports: Ports) => void : never;

/** What of the outside world they take together, and what it takes to ask for what they need. */
export type OperationPorts = (Taker<(typeof operations)[number]> extends (ports: infer All) => void ? All : never) &
  SettingsPorts;
