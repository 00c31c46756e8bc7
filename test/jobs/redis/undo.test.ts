import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { parseAgentName, parseOperationId } from "../../../src/core/names.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { definitions } from "./definitions.ts";
import { endOf, openJobs, root, startRedis, when } from "./world.ts";

const WORKER_PROCESS = fileURLToPath(new URL("./worker-process.ts", import.meta.url));
const ada = parseAgentName("ada");
const chat = { channel: "telegram", chat: "-100", topic: null } as const;

async function setUp() {
  const redis = await startRedis();
  const file = join(await temporaryFolder(), "a");
  const jobs = await openJobs(redis.socketPath, definitions);
  const request = (hold: boolean, to = file) =>
    jobs.operations.enqueue({ kind: "write", params: { file: to, hold }, agent: ada, requestedBy: root });
  const written = async () => (await readFile(file, "utf8")).trimEnd().split("\n");
  return { redis, file, jobs, request, written };
}

it("what is stuck goes on when it is asked to, behind what its agent does meanwhile, and is told where that was asked", async () => {
  const { file, jobs, request, written } = await setUp();
  jobs.startWorkers();
  await writeFile(`${file}.broken`, "");
  const { id } = await request(true);
  await when(jobs, id, ({ steps }) => steps[1]?.detail === "holding");
  await jobs.operations.cancel(id);
  const stuck = await endOf(jobs, id);
  expect(stuck).toMatchObject({ state: "stuck", failure: { code: "cancelled", userMessage: expect.any(String) } });
  expect(stuck.failure?.leftBehind[0]).toBe(`${file} may exist.`);

  // Its turn is given away: another operation of the agent runs.
  const meanwhile = await request(true, `${file}-2`);
  await when(jobs, meanwhile.id, ({ steps }) => steps[1]?.detail === "holding");
  await rm(`${file}.broken`);
  const by = { actor: root, place: chat };
  expect(await jobs.operations.resume(id, by)).toMatchObject({ state: "queued", place: chat });
  expect(await jobs.operations.resume(id, by)).toMatchObject({ id });
  await when(jobs, id, ({ waitingBehind }) => waitingBehind === meanwhile.id);
  expect(await jobs.operations.cancel(id)).toBe(false);
  await writeFile(`${file}-2.go`, "");
  const ended = await endOf(jobs, id);
  expect(ended).toMatchObject({ state: "cancelled", failure: { leftBehind: [file] }, undo: [{ state: "done" }] });
  expect(await written()).toEqual(["first", "hold", "undo", "undo"]);
  expect((await jobs.operations.untold("telegram")).map((operation) => operation.id)).toEqual([id]);
  expect((await jobs.operations.resume(id, by)).state).toBe("cancelled");
  const { events } = await jobs.audit.recent({ agent: ada, limit: 20 });
  const told = events.filter((event) => event.operation === id).map(({ what }) => what);
  expect(told).toEqual(["cancelled", "retried", "stuck", "started", "requested"]);
  const nobody = parseOperationId("0000000000000000");
  await expect(jobs.operations.resume(nobody, by)).rejects.toMatchObject({ code: "not-found" });
});

it("is told where it was asked to go on, and nowhere else; what was told of an end before does not count", async () => {
  const { file, jobs } = await setUp();
  jobs.startWorkers();
  await writeFile(`${file}.broken`, "");
  const { id } = await jobs.operations.enqueue({
    ...{ kind: "write", params: { file, hold: true }, agent: ada, requestedBy: root },
    origin: { place: { channel: "discord", chat: "200", topic: null }, key: "1" },
  });
  await when(jobs, id, ({ steps }) => steps[1]?.detail === "holding");
  await jobs.operations.cancel(id);
  const first = await endOf(jobs, id);
  const untold = async (channel: "discord" | "telegram") =>
    (await jobs.operations.untold(channel)).map((operation) => operation.id);
  expect(await untold("discord")).toEqual([id]);
  await jobs.operations.resume(id, { actor: root, place: chat });
  expect([await untold("discord"), await untold("telegram")]).toEqual([[], [id]]);
  await jobs.operations.told({ ...first, place: chat });
  expect(await untold("telegram")).toEqual([id]);
  await when(jobs, id, ({ state, endedAtMs }) => state === "stuck" && endedAtMs !== first.endedAtMs);
  await jobs.operations.told({ ...first, place: chat });
  expect(await untold("telegram")).toEqual([id]);
  const second = await endOf(jobs, id);
  await jobs.operations.told(second);
  expect(await untold("telegram")).toEqual([]);
});

it("a worker that is killed while it undoes hands that over to another one", async () => {
  const { redis, file, jobs, request, written } = await setUp();
  const child = spawn(process.execPath, [WORKER_PROCESS, redis.socketPath], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  await once(child.stdout, "data");
  await writeFile(`${file}.hold-undo`, "");
  const { id } = await request(true);
  await when(jobs, id, ({ steps }) => steps[1]?.detail === "holding");
  await jobs.operations.cancel(id);
  await when(jobs, id, ({ undo }) => undo[0]?.state === "running");
  // What undoes it is not cancelled, however often somebody asks.
  expect(await jobs.operations.cancel(id)).toBe(false);
  await expect.poll(written).toEqual(["first", "hold", "undo"]);
  child.kill("SIGKILL");
  await exited;
  await writeFile(`${file}.undo-go`, "");
  jobs.startWorkers();
  expect(await endOf(jobs, id)).toMatchObject({ state: "cancelled", undo: [{ state: "done", attempts: 2 }] });
  expect(await written()).toEqual(["first", "hold", "undo", "undo"]);
});
