import { expect, it } from "vitest";
import { createMemoryProvider, type ProviderCall } from "../../../services/provider/memory.ts";
import { specFor } from "../../contract/host-spec.ts";
import { interruptions } from "../../contract/interruptions.ts";
import { providerContract } from "../../contract/provider.ts";

providerContract("memory", async () => {
  const calls = interruptions<ProviderCall>();
  const provider = createMemoryProvider({ faults: calls.faults });
  return {
    provider,
    interruptions: calls,
    async foreign(name) {
      provider.plant(name);
      return async () => provider.machines().includes(name);
    },
    stranger: {
      from: () => "198.51.100.7",
      getsIn: async ({ name }, port) => provider.admits(name, port, "198.51.100.7"),
    },
    async spareImage() {
      const before = (await provider.images.status()).current?.id ?? "";
      await provider.images.build(() => undefined, never, { force: true });
      return before;
    },
    dispose: async () => undefined,
  };
});

const never = new AbortController().signal;

it("can be broken before and after a call has had its effect", async () => {
  const when: { value: "before" | "after" | null } = { value: "before" };
  const provider = createMemoryProvider({
    faults: (call, moment) => {
      if (call === "create" && moment === when.value) throw new Error("cut off");
    },
  });
  const spec = await specFor(provider, "ada");
  await expect(provider.create(spec, never)).rejects.toThrow("cut off");
  expect(await provider.find(spec.name)).toBeNull();
  when.value = "after";
  await expect(provider.create(spec, never)).rejects.toThrow("cut off");
  expect(await provider.find(spec.name)).not.toBeNull();
  when.value = null;
  await provider.create(spec, never);
  expect(provider.made()).toEqual([spec.name]);
});

it("shows a host that was switched off as stopped until it is started", async () => {
  const provider = createMemoryProvider();
  const spec = await specFor(provider, "ada");
  await provider.create(spec, never);
  provider.powerOff(spec.name);
  expect(await provider.find(spec.name)).toMatchObject({ state: "stopped" });
  await provider.start(spec.name);
  expect(await provider.find(spec.name)).toMatchObject({ state: "running" });
});

it("has no image until one is built, and says so", async () => {
  const provider = createMemoryProvider({ image: false });
  await expect(provider.create(await specFor(provider, "ada"), never)).rejects.toMatchObject({ code: "image-failed" });
  expect(await provider.images.build(() => undefined, never)).toMatchObject({ built: true });
  expect((await provider.images.status()).all).toHaveLength(1);
  expect(await provider.images.build(() => undefined, never, { force: true })).toMatchObject({ built: true });
  expect((await provider.images.status()).all).toHaveLength(2);
});

it("stops every call at once when it is told to, wherever that is", async () => {
  const calls = interruptions<ProviderCall>();
  const provider = createMemoryProvider({ faults: calls.faults });
  const spec = await specFor(provider, "ada");
  await provider.create(spec, never);
  for (const [call, change] of [
    ["destroy", (signal: AbortSignal) => provider.destroy(spec.name, signal)],
    ["setOpenings", (signal: AbortSignal) => provider.setOpenings(spec.name, [], signal)],
    ["list", (signal: AbortSignal) => provider.list(signal)],
  ] as const) {
    const stop = new AbortController();
    const hold = calls.hold(call, "before");
    const calling = change(stop.signal);
    await hold.reached;
    stop.abort();
    // What holds it up is never let go.
    await expect(calling).rejects.toMatchObject({ code: "cancelled" });
  }
  expect(await provider.list()).toHaveLength(1);
});
