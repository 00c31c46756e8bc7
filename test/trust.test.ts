import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../src/config.ts";
import { asOpsError } from "../src/core/errors.ts";
import { requireTrusted, trustedUsers } from "../src/trust.ts";

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const me = process.getuid?.() ?? 0;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "creel-trust-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function complaint(path: string, environment: NodeJS.ProcessEnv = {}): { said: string; hint: string | null } | null {
  try {
    requireTrusted(path, trustedUsers(environment));
    return null;
  } catch (error) {
    const { code, userMessage, hint } = asOpsError(error);
    expect(code).toBe("config-invalid");
    return { said: userMessage, hint };
  }
}

function write(path: string, mode = 0o600): string {
  writeFileSync(path, "concurrency: 4\n");
  chmodSync(path, mode);
  return path;
}

describe("a file that Creel obeys", () => {
  it("is trusted when only its owner can change it, also below folders for everybody such as /tmp", () => {
    for (const mode of [0o600, 0o644, 0o400]) expect(complaint(write(join(folder, `${mode}.yaml`), mode))).toBeNull();
  });

  it("is not when everybody can write into it, and the command that closes it is said", () => {
    const file = write(join(folder, "creel.yaml"), 0o666);
    expect(complaint(file)).toEqual({
      said: `${file} can be changed by everybody, so Creel does not trust it.`,
      hint: `If what it says is yours: chmod o-w ${file}`,
    });
  });

  it("is not when a folder above it lets others put another one in its place", () => {
    const open = join(folder, "it's open");
    mkdirSync(open);
    const file = write(join(open, "creel.yaml"));
    chmodSync(open, 0o777);
    const { said, hint } = complaint(file) ?? {};
    expect(said).toBe(`${file} is not trusted, because ${open} can be changed by everybody.`);
    expect(hint).toContain(`chmod o-w '${folder}/it'\\''s open'`);
    chmodSync(open, 0o1777);
    expect(complaint(file)).toBeNull();
  });

  it("is judged by where links lead, and so is what is not there yet", () => {
    const open = join(folder, "open");
    mkdirSync(open);
    const file = write(join(open, "creel.yaml"));
    chmodSync(open, 0o777);
    symlinkSync(file, join(folder, "link.yaml"));
    symlinkSync(open, join(folder, "way"));
    expect(complaint(join(folder, "link.yaml"))?.said).toContain(open);
    expect(complaint(join(folder, "way", "creel.yaml"))?.said).toContain(open);
    expect(complaint(join(folder, "way", "not", "yet"))?.said).toContain(open);
    expect(complaint(join(folder, "not", "yet"))).toBeNull();
  });

  it.runIf(isRoot)("is not when it, a folder above it or a link to it belongs to somebody else", () => {
    const file = write(join(folder, "creel.yaml"));
    chownSync(file, NOBODY, NOBODY);
    expect(complaint(file)?.said).toContain(`belongs to user ${NOBODY}`);
    expect(complaint(file)?.hint).toContain(`chown ${me} ${file}`);
    const theirs = join(folder, "theirs");
    mkdirSync(theirs);
    const mine = write(join(theirs, "creel.yaml"));
    chownSync(theirs, NOBODY, NOBODY);
    expect(complaint(mine)?.said).toContain(`${theirs} belongs to user ${NOBODY}`);
  });

  it.runIf(isRoot)("is when it belongs to whom root was before sudo, or a group of that user alone may write", () => {
    const file = write(join(folder, "creel.yaml"), 0o664);
    chownSync(file, 1234, 1234);
    expect(complaint(file)?.said).toContain("belongs to user 1234");
    expect(complaint(file, { SUDO_UID: "1234" })).toBeNull();
    chownSync(file, 0, 1234);
    expect(complaint(file)).toMatchObject({ said: expect.stringContaining("can be changed by group 1234") });
    expect(complaint(file, { SUDO_UID: "not a number" })?.hint).toContain("chmod g-w");
  });
});

it("nothing of a configuration that others can change is read, nor are folders that they can", () => {
  const file = write(join(folder, "creel.yaml"));
  const environment = { CREEL_CONFIG: file, HOME: folder, CREEL_STATE_DIR: join(folder, "state") };
  expect(loadConfig(environment).settings.concurrency).toBe(4);
  mkdirSync(environment.CREEL_STATE_DIR);
  chmodSync(environment.CREEL_STATE_DIR, 0o777);
  expect(() => loadConfig(environment)).toThrow(/state can be changed by everybody/);
  chmodSync(environment.CREEL_STATE_DIR, 0o700);
  writeFileSync(file, "no: such setting\n");
  chmodSync(file, 0o666);
  expect(() => loadConfig(environment)).toThrow(/creel.yaml can be changed by everybody/);
});
