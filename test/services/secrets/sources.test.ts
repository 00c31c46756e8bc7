import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { envSecrets } from "../../../services/secrets/env.ts";
import { fileSecrets } from "../../../services/secrets/file.ts";
import { secretResolver } from "../../../services/secrets/resolver.ts";
import { createVault } from "../../../services/secrets/vault.ts";
import { isSecretRef, Secret, type SecretRef } from "../../../src/core/secrets.ts";
import { secretSourceContract } from "../../contract/secrets.ts";

function refTo(text: string): SecretRef {
  if (!isSecretRef(text)) throw new Error(`${text} is no reference`);
  return text;
}

const folder = () => mkdtemp(join(tmpdir(), "creel-secrets-"));

secretSourceContract("env", async () => {
  const environment: Record<string, string> = {};
  return {
    source: envSecrets(environment),
    async put(name, value) {
      environment[name.toUpperCase()] = value;
      return refTo(`env:${name.toUpperCase()}`);
    },
    missing: refTo("env:NOBODY"),
    dispose: async () => undefined,
  };
});

secretSourceContract("file", async () => {
  const directory = await folder();
  return {
    source: fileSecrets(),
    async put(name, value) {
      await writeFile(join(directory, name), `${value}\n`);
      return refTo(`file:${join(directory, name)}`);
    },
    missing: refTo(`file:${directory}/nobody`),
    dispose: () => rm(directory, { recursive: true }),
  };
});

secretSourceContract("vault", async () => {
  const directory = await folder();
  const vault = createVault({
    file: join(directory, "vault.age"),
    keyFile: join(directory, "vault.key"),
    given: false,
  });
  return {
    source: vault,
    async put(name, value) {
      await vault.set(name, new Secret(value), 1);
      return refTo(`vault:${name}`);
    },
    missing: refTo("vault:constructor"),
    dispose: () => rm(directory, { recursive: true }),
  };
});

it.each([
  ["an empty file", "", /is empty/],
  ["a file with nothing but the end of a line", "\n", /is empty/],
  ["a file of a megabyte", "x".repeat(2 ** 20), /at most 64 KiB/],
])("refuses %s", async (_, text, complaint) => {
  const file = join(await folder(), "secret");
  await writeFile(file, text);
  await expect(fileSecrets().resolve(refTo(`file:${file}`))).rejects.toMatchObject({
    code: "secret-unavailable",
    userMessage: expect.stringMatching(complaint),
  });
});

it("refuses a folder, a device and a pipe that nobody writes to, and waits for none of them", async () => {
  const directory = await folder();
  execFileSync("mkfifo", [join(directory, "pipe")]);
  for (const path of [directory, "/dev/zero", join(directory, "pipe")]) {
    await expect(fileSecrets().resolve(refTo(`file:${path}`))).rejects.toMatchObject({ code: "secret-unavailable" });
  }
});

it("asks the source that a reference names, and lets every value be learned", async () => {
  const learned: string[] = [];
  const resolve = secretResolver([envSecrets({ A: "value-a" }), fileSecrets()], (secret) =>
    learned.push(secret.reveal()),
  );
  await resolve(refTo("env:A"));
  expect(learned).toEqual(["value-a"]);
  await expect(resolve(refTo("vault:a"))).rejects.toMatchObject({
    code: "secret-unavailable",
    hint: expect.stringContaining("file:"),
  });
});
