import { type Command, required } from "../../commands/command.ts";
import { OpsError } from "../../src/core/errors.ts";

/** The one secret that is good. */
export const CANARY = "canary-7f3a91c2-entered";

/** A command that needs a secret; what `take` was given is in `taken`. */
export function lockCommand(taken: string[]): Command {
  return {
    name: "lock",
    summary: "Lock something",
    label: "Lock",
    tone: "good",
    options: [{ name: "name", summary: "What", kind: "new-agent", required: true, bare: true }],
    request(values) {
      const agent = required(values.agentName("name"), "name");
      return {
        ...{ type: "operation", kind: "deploy", agent, params: { name: agent } },
        needs: async () => ({
          question: { title: "The key of the lock", text: "The lock has it.", instead: "key:vault:NAME" },
          async take(value) {
            if (value.reveal() !== CANARY) {
              const userMessage = `The lock does not take ${value.reveal()}.`;
              throw new OpsError({ code: "key-refused", userMessage, hint: "Look again." });
            }
            taken.push(value.reveal());
            return { kind: "deploy", agent, params: { name: agent } };
          },
        }),
      };
    },
  };
}
