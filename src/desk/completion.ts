import { ASKED_ANEW, type Command, type CommandOption } from "../../commands/command.ts";
import type { Choice } from "../core/desk.ts";
import { isEnded, isUndoing } from "../core/operation.ts";
import { visible } from "../core/typed.ts";
import type { Operations } from "../operations/journal.ts";
import type { QuestionPorts } from "../questions/question.ts";

/** What Discord takes at most. */
const MOST_CHOICES = 25;

interface Sources {
  readonly commands: readonly Command[];
  readonly services: QuestionPorts;
  readonly operations: Operations;
}

export async function complete(
  sources: Sources,
  commandName: string,
  optionName: string,
  prefix: string,
): Promise<Choice[]> {
  const command = sources.commands.find((candidate) => candidate.name === commandName);
  const option = command?.options.find((candidate) => candidate.name === optionName);
  if (option === undefined) return [];
  const wanted = visible(prefix).trim().toLowerCase();
  const place = ({ value }: Choice) => value.toLowerCase().indexOf(wanted);
  const all = await choicesOf(sources, option);
  const beginning = all.filter((choice) => place(choice) === 0);
  const inTheMiddle = all.filter((choice) => place(choice) > 0);
  return [...beginning, ...inTheMiddle].slice(0, MOST_CHOICES);
}

async function choicesOf(
  sources: Sources,
  { kind, choices: fixed = [], offers, among }: CommandOption,
): Promise<readonly Choice[]> {
  if (offers !== undefined) return offers(sources.services);
  if (kind === "agent") {
    const agents = await sources.services.registry.list();
    return agents.map((agent) => ({ value: agent.name, label: `${agent.name} (${agent.state})` }));
  }
  if (kind === "operation") {
    const recent = await sources.operations.recent({ agent: null, limit: 100 });
    return recent
      .filter((operation) =>
        among === "stuck" ? operation.state === "stuck" : !isEnded(operation) && !isUndoing(operation),
      )
      .map((operation) => ({
        value: operation.id,
        label: [operation.kind, operation.agent, operation.state].filter((part) => part !== null).join(" "),
      }));
  }
  if (kind === "secret-ref") return [{ value: ASKED_ANEW, label: `${ASKED_ANEW} (asks for it in private)` }];
  return fixed.map((value) => ({ value, label: value }));
}
