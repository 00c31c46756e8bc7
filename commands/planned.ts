import { type Message, message } from "../src/core/message.ts";
import type { AgentName } from "../src/core/names.ts";
import { type Choose, overridesOf, type Plan, planFor } from "../src/operations/settings/plan.ts";
import type { Sources } from "../src/questions/question.ts";

/** What a change of an agent's settings would come to now; null of an agent that is not on record, or whose settings nobody has read. @throws OpsError as `planFor`. */
export async function planned({ services }: Sources, agent: AgentName, choose: Choose): Promise<Plan | null> {
  const record = await services.registry.get(agent);
  return record?.state === "serving" && record.isUnread === undefined ? await planFor(services, record, choose) : null;
}

/** The answer with this title where neither a setting nor a choice would be another one; else null. */
export function ifSame(plan: Plan | null, title: string): Message | null {
  if (plan === null || plan.changes.length > 0) return null;
  if (JSON.stringify(plan.before.chosen) !== JSON.stringify(plan.chosen)) return null;
  return message(title, "plain", notesOn(plan));
}

/** What was chosen by command and is not what creel.yaml says. */
export function notesOn(plan: Plan) {
  return overridesOf(plan).map((text) => ({ type: "text", text }) as const);
}
