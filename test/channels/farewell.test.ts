import { describe, expect, test } from "vitest";
import { asksToLeave, leaveOrWait } from "../../src/channels/console/farewell.ts";

test.each([
  ...[
    "exit",
    "quit",
    "bye",
    "logout",
    "q",
    "/exit",
    "/quit",
    "EXIT",
    "exit now",
    "quit please",
    "please quit",
    "Exit, please!",
  ],
  ...["exit()", "quit;", "exit 0", "ok bye", "bye bye", "goodbye creel", "quit now, thanks", "thank you, exit", ":q"],
])("%j leaves the prompt", (line) => {
  expect(asksToLeave(line)).toBe(true);
});

test.each([
  ...[
    "",
    "please",
    "now",
    "thanks",
    "0",
    "exit ada",
    "/logs exit",
    "quit deploy",
    "/deploy name:bye",
    "exit 30",
    "leave",
    "exit-now",
  ],
])("%j does not", (line) => {
  expect(asksToLeave(line)).toBe(false);
});

describe("asked what becomes of what is under way,", () => {
  test.each([
    ...[
      ["leave", "leave"],
      ["l", "leave"],
      ["leave, please", "leave"],
      ["exit now", "leave"],
      ["wait", "wait"],
      ["Wait please", "wait"],
    ],
    ...[
      ["w", "wait"],
      ["no", null],
      ["", null],
      ["wait, leave", null],
      ["please", null],
    ],
  ] as const)("%j means %j", (line, meant) => {
    expect(leaveOrWait(line)).toBe(meant);
  });
});
