import { expect, it } from "vitest";
import { createMemoryProvider } from "../../../services/provider/memory.ts";
import { providerContract, specFor } from "../../contract/provider.ts";

providerContract("memory", async () => ({ provider: createMemoryProvider(), dispose: async () => undefined }));

const never = new AbortController().signal;

it("can be broken before and after a call has had its effect", async () => {
  const when: { value: "before" | "after" | null } = { value: "before" };
  const provider = createMemoryProvider({
    faults: (call, moment) => {
      if (call === "create" && moment === when.value) throw new Error("cut off");
    },
  });
  const spec = specFor("ada");
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
  const spec = specFor("ada");
  await provider.create(spec, never);
  provider.powerOff(spec.name);
  expect(await provider.find(spec.name)).toMatchObject({ state: "stopped" });
  await provider.start(spec.name);
  expect(await provider.find(spec.name)).toMatchObject({ state: "running" });
});

it("has no snapshot until one is built, and says so", async () => {
  const provider = createMemoryProvider({ snapshot: false });
  await expect(provider.create(specFor("ada"), never)).rejects.toMatchObject({ code: "snapshot-failed" });
  await provider.snapshots.build(() => undefined, never);
  expect((await provider.snapshots.status()).all).toHaveLength(1);
  await provider.snapshots.build(() => undefined, never, { force: true });
  expect((await provider.snapshots.status()).all).toHaveLength(2);
});
