import { cancel } from "./cancel.ts";
import type { Command } from "./command.ts";
import { deploy } from "./deploy.ts";
import { destroy } from "./destroy.ts";
import { createHelp } from "./help.ts";
import { history } from "./history.ts";
import { image } from "./image.ts";
import { logs } from "./logs.ts";
import { status } from "./status.ts";

const acting = [deploy, status, logs, destroy, image, cancel, history];

/** Everything a person may ask for, in the order `/help` lists it. */
export const commands: readonly Command[] = [...acting, createHelp(acting)];
