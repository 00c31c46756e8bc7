import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderWorkspaces } from "../../../services/workspace/folder.ts";
import { asOpsError } from "../../../src/core/errors.ts";

const workspaces = folderWorkspaces();
let top: string;
let folder: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "creel-workspace-"));
  folder = join(top, "ada");
  mkdirSync(folder);
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

function put(path: string, content: string | Buffer = path, mode = 0o600): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

async function read(from = folder) {
  const { files, warnings } = await workspaces.read(from);
  return {
    warnings,
    files: files.map(({ path, content, executable }) => [path, Buffer.from(content).toString(), executable]),
  };
}

async function refusal(from = folder): Promise<string> {
  const error = asOpsError(await workspaces.read(from).catch((thrown: unknown) => thrown));
  expect(error).toMatchObject({ code: "config-invalid", hint: expect.stringMatching(/\w/) });
  return error.userMessage;
}

describe("a workspace", () => {
  it("is every file of the folder, with what is executable, and without what is version control's", async () => {
    put("SOUL.md", "I am Ada.\n");
    put("skills/count/run.sh", "#!/bin/sh\n", 0o700);
    put("skills/.git/config");
    put(".git", "gitdir: elsewhere");
    put("empty", "");
    put("名前.md", "x");
    expect(await read()).toEqual({
      warnings: [],
      files: [
        ["SOUL.md", "I am Ada.\n", false],
        ["empty", "", false],
        ["skills/count/run.sh", "#!/bin/sh\n", true],
        ["名前.md", "x", false],
      ],
    });
  });

  it("may be a link itself, and have links to files in it", async () => {
    put("AGENTS.md", "Be kind.");
    mkdirSync(join(folder, "skills"));
    symlinkSync("../AGENTS.md", join(folder, "skills/AGENTS.md"));
    symlinkSync(folder, join(top, "link"));
    expect((await read(join(top, "link"))).files).toEqual([
      ["AGENTS.md", "Be kind.", false],
      ["skills/AGENTS.md", "Be kind.", false],
    ]);
  });

  it.each([
    ["out of it", "/etc/passwd", "what is not in there"],
    ["out of it by name only", "../ada-other/secret", "what is not in there"],
    ["to a folder", "skills", "a folder"],
    ["to itself", "link", "what cannot be read"],
    ["to nothing", "nowhere", "nothing"],
  ])("has no link %s", async (_how, target, to) => {
    put("skills/one.md");
    mkdirSync(join(top, "ada-other"));
    writeFileSync(join(top, "ada-other/secret"), "canary");
    symlinkSync(target, join(folder, "link"));
    expect(await refusal()).toBe(`link in the workspace ${folder} is a link to ${to}.`);
  });

  it("has at most 20 MB in at most 2000 files, and whoever is too large is named", async () => {
    truncateSync(put("films/birthday.mp4"), 50_000_000);
    expect(await refusal()).toBe(`films/birthday.mp4 in the workspace ${folder} has 50 MB.`);
    for (const name of ["films/birthday.mp4", "films/b", "films/c"]) truncateSync(put(name), 7_000_000);
    expect(await refusal()).toBe(`The workspace ${folder} has more than 20 MB.`);
    rmSync(join(folder, "films"), { recursive: true });
    for (let count = 0; count < 2000; count += 1) put(`notes/${count}`, "");
    expect((await read()).files).toHaveLength(2000);
    put("one-more");
    expect(await refusal()).toBe(`The workspace ${folder} has more than 2000 files.`);
  });

  it.each(["line\nbreak", "bell\x07", "\u009b31m"])("has no name that could not be shown: %j", async (name) => {
    put(name, "");
    expect(await refusal()).toMatch(/has a name with characters that nobody sees/);
  });

  it("has names that are text, and not too long", async () => {
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe])]), "");
    expect(await refusal()).toMatch(/^\?\? in the workspace .* has a name/);
    rmSync(folder, { recursive: true });
    put(`${"a".repeat(60)}/${"b".repeat(60)}`);
    expect(await refusal()).toMatch(/lies too deep or has too long a name/);
  });

  it("has neither pipes nor sockets, and nobody waits for them", async () => {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    expect(await refusal()).toBe(`pipe in the workspace ${folder} is neither a file nor a folder.`);
    rmSync(join(folder, "pipe"));
    const server = createServer().listen(join(folder, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    expect(await refusal()).toBe(`socket in the workspace ${folder} is neither a file nor a folder.`);
    server.close();
  });

  it("is a folder that is there", async () => {
    expect(await refusal(join(top, "bob"))).toBe(`The workspace ${join(top, "bob")} is not there.`);
    expect(await refusal(put("file"))).toMatch(/is not a folder/);
  });

  it.skipIf(process.getuid?.() !== 0)("names what may not be read", () => {
    put("AGENTS.md");
    put("private/diary.md");
    chmodSync(join(folder, "private"), 0o000);
    for (const path of [top, folder]) chmodSync(path, 0o755);
    const module = new URL("../../../services/workspace/folder.ts", import.meta.url).href;
    const script = `process.setuid(65534); const { folderWorkspaces } = await import(${JSON.stringify(module)});
      await folderWorkspaces().read(${JSON.stringify(folder)}).catch((error) => console.log(error.userMessage));`;
    const said = () =>
      execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }).trim();
    expect(said()).toBe(`AGENTS.md in the workspace ${folder} may not be read by the user who runs Creel.`);
    chmodSync(join(folder, "AGENTS.md"), 0o644);
    expect(said()).toBe(`private in the workspace ${folder} may not be read by the user who runs Creel.`);
  });

  it("is read as it was at one moment, or not at all", async () => {
    const file = put("log", "x".repeat(1_000_000));
    let isOver = false;
    const writing = (async () => {
      while (!isOver) await appendFile(file, "y");
    })();
    const outcome = await read().then(
      ({ files }) => String(files[0]?.[1]),
      (error: unknown) => asOpsError(error).userMessage,
    );
    isOver = true;
    await writing;
    expect(outcome).toMatch(/^x{1000000}y*$|^log in the workspace .* changes while it is read\.$/);
  });

  it("says which files look as if they held secrets", async () => {
    put(".env", "A=1");
    put("notes.md", "The key is sk-proj-0123456789abcdefghij.");
    put("AGENTS.md", "Keep every token and password to yourself.");
    expect((await read()).warnings).toEqual([
      ".env, notes.md may hold a secret: the agent can read it, and may tell it to others.",
    ]);
  });
});
