import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { tableName } from "../services/provider/local/nspawn/network.ts";
import { inheritedEnvironment, loadConfig } from "../src/config.ts";
import { OpsError } from "../src/core/errors.ts";
import { parseSettings } from "../src/settings.ts";

const example = readFileSync(new URL("../creel.example.yaml", import.meta.url), "utf8");

function complaintsAbout(text: string): string {
  try {
    parseSettings(text, "creel.yaml");
  } catch (error) {
    expect(error).toBeInstanceOf(OpsError);
    return error instanceof OpsError ? `${error.code} ${error.userMessage}` : "";
  }
  throw new Error("It was accepted.");
}

describe("creel.yaml", () => {
  it("may be empty", () => {
    expect(parseSettings("", "creel.yaml")).toMatchObject({ gateway: { port: 18_789 }, local: { driver: "auto" } });
  });

  it("is documented by an example that says the defaults", () => {
    const { owners, budgets, limits, ...rest } = parseSettings(example, "creel.example.yaml");
    const { owners: nobody, budgets: _budgets, limits: _limits, ...defaults } = parseSettings("", "creel.yaml");
    expect(rest).toEqual(defaults);
    expect(owners).toEqual({ ...nobody, terminal: ["root"] });
    expect(limits).toEqual({ deploy: 10 });
    expect(budgets).toEqual({ deploy: { ready: 300 } });
  });

  it("has an example that names the table in the firewall as it is made", () => {
    const { local } = parseSettings(example, "creel.example.yaml");
    expect(example).toContain(`nftables table ${tableName(local.subnet)},`);
  });

  it("has an example whose commented settings are valid too", () => {
    const uncommented = example
      .split("\n")
      .map((line) => line.replace(/^(\s*)# (?=\s*\w+:(?: |$))/, "$1"))
      .join("\n");
    const { redis, gateway, discord, telegram, owners, operators, alerts } = parseSettings(
      uncommented,
      "creel.example.yaml",
    );
    expect(discord).toMatchObject({ token: "env:CREEL_DISCORD_TOKEN", api: "https://discord.com/api" });
    expect(telegram?.webhook).toMatchObject({ listen: "127.0.0.1:8443" });
    expect(owners).toMatchObject({ discord: { users: ["80351110224678912"] }, telegram: ["123456789"] });
    expect(operators.discord.roles).toHaveLength(1);
    expect(alerts).toMatchObject({ telegram: "-1001234567890", digest: "09:00" });
    expect(redis).toMatchObject({ password: "env:CREEL_REDIS_PASSWORD" });
    expect(gateway).toMatchObject({
      token: "env:CREEL_GATEWAY_TOKEN",
      containerImage: expect.stringContaining("@sha256:"),
    });
  });

  it.each([
    ["gatway: {}", "gatway: there is no such setting"],
    ["gateway: {prot: 1}", "gateway.prot: there is no such setting"],
    ["gateway: {port: http}", "gateway.port:"],
    ["owners: {discord: {users: [80351110224678912]}}", "owners.discord.users.0: must be in quotes"],
    ["owners: {telegram: [-100123]}", "owners.telegram.0: must be a person, not a group"],
    ["limits: {deploy: 0}", "limits.deploy: must be more than 0"],
    ["owners: {telegram: 7}", "owners.telegram: must be a list"],
    ["concurrency: many", "concurrency: must be a number"],
    ["local: {driver: docker}", "local.driver: must be one of auto, nspawn, qemu"],
    ["alerts: {telegram: 7}", "alerts.telegram: needs telegram.token"],
    [
      "telegram: {token: 'env:T', webhook: {url: 'https://x.net', listen: '127.0.0.1:99999', secret: 'env:S'}}",
      "telegram.webhook.listen: must be an address and a port",
    ],
    ["discord: {token: abc}", "discord.token: must refer to a secret"],
    [
      "telegram: {token: 'env:T', webhook: {url: 'http://x.net', secret: 'env:S'}}",
      "telegram.webhook.url: must be an https",
    ],
    ["alerts: {digest: '25:00'}", "alerts.digest: must be a time of day"],
    ["alerts: {timeZone: Mars/Olympus}", "alerts.timeZone: must be a time zone"],
    ["gateway: {port: 80}", "gateway.port:"],
    ["gateway: {token: hunter2-hunter2}", "gateway.token: must refer to a secret"],
    [
      "gateway: {containerImage: 'ghcr.io/openclaw/openclaw:latest'}",
      "gateway.containerImage: must name an image by digest",
    ],
    ["redis: {url: 'http://x'}", "redis.url:"],
    ["redis: {url: '127.0.0.1:6379'}", "redis.url: must be an address such as redis://"],
    ["redis: {url: my-redis}", "redis.url: must be an address such as redis://"],
    ["redis: {url: 'redis://creel:hunter2@x'}", "redis.url: must not hold the password"],
    ["local: {driver: docker}", "local.driver:"],
    ["local: {subnet: '999.999'}", "local.subnet: must be the first two numbers of a /16"],
    ["local: {subnet: '10.256'}", "local.subnet:"],
    ["local: {subnet: '10.099'}", "local.subnet:"],
    ["local: {subnet: '10.99.1'}", "local.subnet:"],
    ["budgets: {deploy: {ready: -1}}", "budgets.deploy.ready:"],
    ["a: [", "creel.yaml has"],
    ["- a", "the file:"],
  ])("is refused with the path of what is wrong: %s", (text, complaint) => {
    const said = complaintsAbout(text);
    expect(said).toContain("config-invalid");
    expect(said).toContain(complaint);
    expect(said).not.toContain("hunter2");
  });

  it("that was asked for and is not there is an error", () => {
    expect(() => loadConfig({ CREEL_CONFIG: "/nonexistent/creel.yaml" })).toThrow(OpsError);
  });
});

describe("folders", () => {
  it("are the ones the environment names, else those of XDG, else the usual ones", () => {
    const file = { CREEL_CONFIG: new URL("../creel.example.yaml", import.meta.url).pathname };
    expect(loadConfig({ ...file, HOME: "/h" })).toMatchObject({
      stateDir: "/h/.local/state/creel",
      cacheDir: "/h/.cache/creel",
    });
    expect(loadConfig({ ...file, HOME: "/h", XDG_STATE_HOME: "/x" }).stateDir).toBe("/x/creel");
    expect(loadConfig({ ...file, HOME: "/h", CREEL_STATE_DIR: "", XDG_STATE_HOME: "" }).stateDir).toBe(
      "/h/.local/state/creel",
    );
    expect(loadConfig({ ...file, HOME: "/h", CREEL_STATE_DIR: "/mine", CREEL_CACHE_DIR: "/c" })).toMatchObject({
      stateDir: "/mine",
      cacheDir: "/c",
    });
  });
});

describe("programs that Creel starts", () => {
  it.each([
    [
      "Debian's ordinary users have",
      "/usr/local/bin:/usr/bin:/bin:/usr/games",
      "/usr/local/bin:/usr/bin:/bin:/usr/games",
    ],
    ["is empty", "", "/usr/local/bin:/usr/bin:/bin"],
    ["has nothing that is missing", "/first:/usr/sbin", "/first:/usr/sbin"],
  ])("find those of administrators with the PATH that %s", (_whose, path, first) => {
    const folders = inheritedEnvironment({ PATH: path }).PATH?.split(":") ?? [];
    expect(folders.join(":").startsWith(first)).toBe(true);
    expect(folders).toEqual(expect.arrayContaining(["/usr/local/sbin", "/usr/sbin", "/sbin"]));
    expect(new Set(folders).size).toBe(folders.length);
  });

  it("inherit how to find their way about, and no secret", () => {
    const environment = { HOME: "/home/mo", LC_ALL: "C", HTTPS_PROXY: "http://p", CREEL_TOKEN: "s3cret", AWS_KEY: "s" };
    expect(Object.keys(inheritedEnvironment(environment)).toSorted()).toEqual([
      "HOME",
      "HTTPS_PROXY",
      "LC_ALL",
      "PATH",
    ]);
  });
});
