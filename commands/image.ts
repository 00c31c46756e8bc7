import { imageBuild } from "../src/operations/image-build.ts";
import { wanted } from "../src/operations/kind.ts";
import { isFresh, image as question } from "../src/questions/image.ts";
import { answersIf, asks } from "../src/questions/question.ts";
import type { Command } from "./command.ts";

export const image: Command = {
  name: "image",
  summary: "Show or build the image that new hosts start from",
  label: "Build it",
  tone: "plain",
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
    if (values.text("action") !== "build") return asks(question, null);
    const force = values.text("force") === "yes";
    return {
      type: "operation",
      ...wanted(imageBuild, null, { provider: null, force }),
      confirmation: {
        question:
          "Building an image takes several minutes and keeps this machine busy. Running agents are not touched.",
        expected: "yes",
      },
      ...(force ? {} : { nothingToDo: answersIf(question, null, isFresh) }),
    };
  },
};
