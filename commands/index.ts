import { ask } from "./ask.ts";
import { cancel } from "./cancel.ts";
import type { Command } from "./command.ts";
import { configure } from "./configure.ts";
import { connect } from "./connect.ts";
import { deploy } from "./deploy.ts";
import { destroy } from "./destroy.ts";
import { disconnect } from "./disconnect.ts";
import { createHelp } from "./help.ts";
import { history } from "./history.ts";
import { image } from "./image.ts";
import { logs } from "./logs.ts";
import { model } from "./model.ts";
import { open } from "./open.ts";
import { restart } from "./restart.ts";
import { retry } from "./retry.ts";
import { status } from "./status.ts";

const setting = [model, connect, disconnect, configure];
const acting = [deploy, ...setting, ask, status, logs, open, restart, destroy, image, cancel, retry, history];

/** Everything a person may ask for, in the order `/help` lists it. */
export const commands: readonly Command[] = [...acting, createHelp(acting)];
