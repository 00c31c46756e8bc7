import { expect, test } from "vitest";
import { reloadTrouble } from "../../../services/gateway/log-words.ts";

const UNAVAILABLE =
  "2026-11-26T13:15:32.317+00:00 [secrets] [SECRETS_OWNER_UNAVAILABLE] Secret owner account:telegram:default is configured-unavailable; paths: channels.telegram.botToken; reason: secret reference was not found.";
const APPLIED = "2026-11-26T13:15:32.446+00:00 [reload] config hot reload applied (channels.telegram)";
const FAILED = "2026-11-26T13:15:40.001+00:00 [reload] config reload failed: Error: no such plugin";
const RECOVERED = "2026-11-26T13:15:50.139+00:00 [secrets] [SECRETS_RELOADER_RECOVERED] Secret resolution recovered.";
const DETECTED = "2026-11-26T13:16:26.192+00:00 [reload] config change detected; evaluating reload (models)";

test("a log says that a configuration will never be taken, until something later says otherwise", () => {
  expect(reloadTrouble([])).toBe(null);
  expect(reloadTrouble([DETECTED, APPLIED])).toBe(null);
  expect(reloadTrouble([DETECTED, UNAVAILABLE, APPLIED])).toMatch(/^Secret owner .*channels\.telegram\.botToken/);
  expect(reloadTrouble([DETECTED, UNAVAILABLE, APPLIED, RECOVERED])).toBe(null);
  expect(reloadTrouble([DETECTED, FAILED])).toBe("Error: no such plugin");
  expect(reloadTrouble([FAILED, DETECTED])).toBe(null);
});
