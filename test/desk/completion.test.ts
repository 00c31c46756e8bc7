import { beforeEach, expect, test } from "vitest";
import { OpsError } from "../../src/core/errors.ts";
import { beginUndo, failureFrom } from "../../src/core/operation.ts";
import { createWorld } from "../operations/world.ts";
import { createDeskWorld, type DeskWorld, owner } from "./world.ts";

let world: DeskWorld;
beforeEach(() => {
  const names = ["north-a", "a-north", "b-north", "north-b"];
  const { provider } = createWorld({ provider: { name: "local" } });
  const offers = async () => ({ ...(await provider.offers()), regions: names });
  world = createDeskWorld(() => 0, { services: { providers: new Map([["local", { ...provider, offers }]]) } });
});

const complete = async (command: string, option: string, prefix: string) =>
  (await world.desk.complete(owner, command, option, prefix)).map(({ value }) => value);

test("what begins with what was typed comes before what has it in its middle", async () => {
  expect(await complete("deploy", "region", "north")).toEqual(["north-a", "north-b", "a-north", "b-north"]);
});

test("space around what was typed is no part of it", async () => {
  expect(await complete("deploy", "region", " b-N ")).toEqual(["b-north"]);
});

test("an option that nobody can know the values of has none", async () => {
  expect(await complete("deploy", "name", "")).toEqual([]);
});

test("an operation of no agent is called by its kind", async () => {
  const build = { command: "image", options: { action: "build" }, confirmation: "yes" };
  expect(await world.desk.submit(owner, build)).toMatchObject({ type: "operation" });
  expect(await world.desk.complete(owner, "cancel", "operation", "")).toMatchObject([{ label: "image-build queued" }]);
});

test("what is being undone is not offered to be cancelled", async () => {
  const build = { command: "image", options: { action: "build" }, confirmation: "yes" };
  const reply = await world.desk.submit(owner, build);
  if (reply.type !== "operation") throw new Error("It was not asked for.");
  const cancelled = failureFrom(new OpsError({ code: "cancelled", userMessage: "Cancelled." }));
  world.operations.change(reply.operation.id, (operation) => beginUndo(operation, cancelled, [], 0));
  expect(await complete("cancel", "operation", "")).toEqual([]);
});
