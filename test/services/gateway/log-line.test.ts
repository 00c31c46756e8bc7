import { expect, test } from "vitest";
import { tidyLogLine } from "../../../services/gateway/log-line.ts";

test.each([
  [
    "2026-11-21T10:19:57+00:00 openclaw-gateway[33]: 2026-11-21T10:19:56.887+00:00 [gateway] ready",
    "11-21 10:19:57 [gateway] ready",
  ],
  ["2026-11-21T10:19:57+0000 openclaw-gateway[33]: [2026-11-21 10:19:56,887] ready", "11-21 10:19:57 ready"],
  ["2026-11-21T10:19:57Z openclaw-gateway[33]: 2026-11-21T10:19:56.887Z ready", "11-21 10:19:57 ready"],
  ["2026-11-21T10:19:57+00:00 openclaw-gateway[33]: no time: here", "11-21 10:19:57 no time: here"],
  ["2026-11-21T10:19:57+00:00 systemd[1]: Started the gateway.", "11-21 10:19:57 systemd: Started the gateway."],
  ["-- Boot 3f2a --", "-- Boot 3f2a --"],
  ["", ""],
])("%s", (line, tidy) => {
  expect(tidyLogLine(line, "openclaw-gateway")).toBe(tidy);
});
