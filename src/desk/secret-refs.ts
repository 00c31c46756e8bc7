import { ASKED_ANEW, type Command } from "../../commands/command.ts";
import type { Actor, Rank } from "../core/actor.ts";
import type { Submission } from "../core/desk.ts";
import { OpsError } from "../core/errors.ts";
import type { SecretRef } from "../core/secrets.ts";

/** Where secrets are that belong to the machine, and not to who may write to Creel. */
const OF_THE_MACHINE = /^(?:env|file):/;

/**
 * A reference hands an agent what Creel can read, and the agent can be asked for it. So only owners name one, from a chat only one to what was put there for
 * agents, and nobody one of Creel's `own`. @throws OpsError `not-permitted`.
 */
export function checkSecretRefs(
  { options }: Command,
  { options: given }: Submission,
  { actor, rank, own }: { readonly actor: Actor; readonly rank: Rank; readonly own: readonly SecretRef[] },
): void {
  for (const { name, kind } of options) {
    const ref = given[name];
    if (kind !== "secret-ref" || ref === undefined || ref === ASKED_ANEW) continue;
    const otherwise = `Leave ${name}: out to be asked for it in private.`;
    if (rank !== "owner") {
      throw refused("Only owners may say where a secret is; you are an operator.", otherwise);
    }
    if (own.some((one) => isSame(one, ref))) throw refused("That secret is Creel's own, and no agent's.", otherwise);
    if (actor.channel !== "terminal" && OF_THE_MACHINE.test(ref)) {
      throw refused(
        `From a chat, ${name}: names what is in the vault, such as vault:NAME.`,
        `${otherwise} Environment and files belong to the machine: its terminal and creel.yaml may name them.`,
      );
    }
  }
}

/** 1Password takes names in any case. */
function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function refused(userMessage: string, hint: string): OpsError {
  return new OpsError({ code: "not-permitted", userMessage, hint });
}
