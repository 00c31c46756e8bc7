import type { Command } from "./command.ts";

export const image: Command = {
  name: "image",
  summary: "Show or build the snapshot that new hosts start from",
  options: [
    {
      name: "action",
      summary: "status (unless told) or build",
      kind: "choice",
      required: false,
      choices: ["status", "build"],
      bare: true,
    },
    {
      name: "force",
      summary: "Build again although nothing changed",
      kind: "choice",
      required: false,
      choices: ["yes", "no"],
    },
  ],
  request(values) {
    if (values.text("action") !== "build") return { type: "snapshot" };
    return {
      type: "operation",
      kind: "snapshot-build",
      agent: null,
      params: { provider: null, force: values.text("force") === "yes" },
    };
  },
  confirmation(request) {
    if (request.type !== "operation") return null;
    return {
      question:
        "Building a snapshot takes several minutes and keeps this machine busy. Running agents are not touched.",
      expected: "yes",
    };
  },
};
