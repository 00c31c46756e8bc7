import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createVault, type Vault } from "../../../services/secrets/vault.ts";
import type { VaultPlace } from "../../../services/secrets/vault-file.ts";
import { OpsError } from "../../../src/core/errors.ts";
import { Secret, type SecretRef } from "../../../src/core/secrets.ts";

const run = promisify(execFile);
let directory: string;
let place: VaultPlace;
let vault: Vault;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "creel-vault-"));
  place = { file: join(directory, "vault.age"), keyFile: join(directory, "vault.key"), given: false };
  vault = createVault(place);
});
afterEach(() => rm(directory, { recursive: true }));

const set = (name: string, value: string) => vault.set(name, new Secret(value), 1_700_000_000_000);
const get = async (name: string) => (await vault.resolve(`vault:${name}` as SecretRef)).reveal();
const failure = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail("it went well"),
    (error: unknown) => (error instanceof OpsError ? error : expect.fail(String(error))),
  );

it("keeps what is put into it, lists it without values, and forgets what is removed", async () => {
  expect(await vault.list()).toEqual([]);
  expect(await set("telegram", "canary-1")).toBe("added");
  expect(await set("telegram", "canary-2")).toBe("replaced");
  expect(await set("openai.key", "canary-3")).toBe("added");
  expect(await vault.list()).toEqual([
    { name: "openai.key", setAtMs: 1_700_000_000_000 },
    { name: "telegram", setAtMs: 1_700_000_000_000 },
  ]);
  expect(await get("telegram")).toBe("canary-2");
  expect([await vault.remove("telegram"), await vault.remove("telegram"), await vault.remove("toString")]).toEqual([
    true,
    false,
    false,
  ]);
  expect(await vault.list()).toHaveLength(1);
});

it("adds a value beside those that it has, and the same one only once", async () => {
  const add = (value: string) => vault.add("ada-telegram", new Secret(value), 1_700_000_000_000);
  expect(await add("canary-1")).toBe("ada-telegram");
  expect(await add("canary-2")).toBe("ada-telegram-2");
  expect(await add("canary-1")).toBe("ada-telegram");
  expect(await add("canary-2")).toBe("ada-telegram-2");
  const three = await Promise.all(["canary-3", "canary-4", "canary-3"].map(add));
  expect(new Set(three)).toEqual(new Set(["ada-telegram-3", "ada-telegram-4"]));
  expect([await get("ada-telegram"), await get("ada-telegram-2")]).toEqual(["canary-1", "canary-2"]);
  expect((await failure(vault.add("Nö", new Secret("x"), 0))).code).toBe("input-invalid");
});

it("leaves nothing readable in the folder, for nobody but its owner, and no half-written file", async () => {
  await set("a", "canary-1");
  await set("b", "canary-2");
  expect((await readdir(directory)).sort()).toEqual(["vault.age", "vault.age.lock", "vault.key"]);
  for (const file of await readdir(directory)) {
    expect((await stat(join(directory, file))).mode & 0o077).toBe(0);
    expect(await readFile(join(directory, file), "latin1")).not.toContain("canary");
  }
});

it("is an age file that the key file opens", async () => {
  await set("a", "canary-1");
  const decrypter = new Decrypter();
  decrypter.addIdentity(/^AGE-SECRET-KEY-1\w+$/m.exec(await readFile(place.keyFile, "utf8"))?.[0] ?? "");
  expect(await decrypter.decrypt(await readFile(place.file), "text")).toContain("canary-1");
});

it.each([
  ["", "input-invalid"],
  ["Token", "input-invalid"],
  ["../x", "input-invalid"],
  ["a b", "input-invalid"],
])("refuses the name %j", async (name, code) => {
  expect((await failure(set(name, "value"))).code).toBe(code);
  expect(await readdir(directory)).toEqual([]);
});

it.each([
  ["", /is empty/],
  [" value", /white space/],
  ["value\n", /white space/],
  ["x".repeat(65_537), /64 KiB/],
])("refuses a value that cannot be meant, and changes nothing", async (value, complaint) => {
  await set("a", "before");
  expect((await failure(set("a", value))).userMessage).toMatch(complaint);
  expect(await get("a")).toBe("before");
});

it("says of a file that is cut off, of another key and of no key what it is, and writes over none of it", async () => {
  await set("a", "canary-1");
  const [sealed, key] = [await readFile(place.file), await readFile(place.keyFile)];
  const refuses = async (what: RegExp) => {
    for (const work of [() => get("a"), () => vault.list(), () => set("b", "x-value"), () => vault.remove("a")]) {
      const error = await failure(work());
      expect(error).toMatchObject({ code: "secret-unavailable", userMessage: expect.stringMatching(what) });
      expect(error.hint).toMatch(/\w/);
    }
  };
  for (const size of [0, 1, 100, sealed.length - 1]) {
    await writeFile(place.file, sealed);
    await truncate(place.file, size);
    await refuses(/damaged|another vault's/);
    expect((await stat(place.file)).size).toBe(size);
  }
  await writeFile(place.file, sealed);
  await writeFile(place.keyFile, `${await generateX25519Identity()}\n`);
  await refuses(/cannot be opened/);
  await writeFile(place.keyFile, "no key at all\n");
  await refuses(/no age identity/);
  await rm(place.keyFile);
  await refuses(/is not there/);
  await writeFile(place.keyFile, key);
  await chmod(place.keyFile, 0o644);
  await refuses(/read by others/);
  await chmod(place.keyFile, 0o600);
  expect(await get("a")).toBe("canary-1");
});

it("leaves what a newer Creel has written to that one", async () => {
  await set("a", "canary-1");
  const identity = await generateX25519Identity();
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  await writeFile(place.keyFile, identity, { mode: 0o600 });
  await writeFile(place.file, await encrypter.encrypt('{"format":2,"things":[]}'));
  expect((await failure(set("b", "x-value"))).userMessage).toContain("newer Creel");
});

it("never makes a key that was to be given to it", async () => {
  vault = createVault({ ...place, given: true });
  expect((await failure(set("a", "value"))).hint).toContain("credential");
  expect(await readdir(directory)).toEqual(["vault.age.lock"]);
});

it("loses nothing when many processes write at once, and when one of them was killed while it wrote", async () => {
  await writeFile(`${place.file}.new`, "half a fi");
  const script = `
    import { createVault } from ${JSON.stringify(new URL("../../../services/secrets/vault.ts", import.meta.url).href)};
    import { Secret } from ${JSON.stringify(new URL("../../../src/core/secrets.ts", import.meta.url).href)};
    const vault = createVault(${JSON.stringify(place)});
    for (let i = 0; i < 5; i += 1) await vault.set(process.argv[1] + i, new Secret("value"), 1);
  `;
  await Promise.all(["a", "b", "c"].map((name) => run(process.execPath, ["--input-type=module", "-e", script, name])));
  expect((await vault.list()).map(({ name }) => name)).toEqual(
    ["a", "b", "c"].flatMap((name) => [0, 1, 2, 3, 4].map((i) => `${name}${i}`)),
  );
});

it("gives all of it out under a passphrase, which any age opens", async () => {
  await set("a", "canary-1");
  await set("b", "canary-2");
  const exported = await vault.exportWith(new Secret("correct horse"));
  expect(exported).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/);
  const decrypter = new Decrypter();
  decrypter.addPassphrase("correct horse");
  expect(JSON.parse(await decrypter.decrypt(armor.decode(exported), "text"))).toEqual({ a: "canary-1", b: "canary-2" });
});
