import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMap, parseDocument } from "yaml";
import { tableName } from "../services/provider/local/nspawn/network.ts";
import { agentSettings } from "../src/agent-settings/schema.ts";
import { inheritedEnvironment, loadConfig } from "../src/config.ts";
import { OpsError } from "../src/core/errors.ts";
import { parseAgentName } from "../src/core/names.ts";
import { secretsIn } from "../src/core/secrets.ts";
import { parseSettings } from "../src/settings.ts";

const example = readFileSync(new URL("../creel.example.yaml", import.meta.url), "utf8");

/** null when it is accepted. Anything but a refusal fails. */
function refusal(text: string): string | null {
  try {
    parseSettings(text, "creel.yaml");
    return null;
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    return error.userMessage;
  }
}

function document(text: string) {
  return parseDocument(text);
}

/** The path of every setting and of every group. */
function settingsIn({ contents }: { contents: unknown }, path: readonly string[]): string[][] {
  if (!isMap(contents)) return [];
  return contents.items.flatMap(({ key, value }) => {
    const own = [...path, String(key)];
    return [own, ...settingsIn({ contents: value }, own)];
  });
}

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

  it("means ids without what came along when they were copied", () => {
    const text =
      '\ufeffowners:\n  telegram: ["1\u206023\u200b", 1\u206024]\n  discord: { users: ["\u2060123456789012345678\u00a0"] }\n';
    const { owners } = parseSettings(text, "creel.yaml");
    expect(owners).toMatchObject({ telegram: ["123", "124"], discord: { users: ["123456789012345678"] } });
  });

  it.each(["10.0", "10.255", "172.16", "172.31", "192.168", "100.64", "100.127"])(
    "gives hosts addresses in %s",
    (subnet) => {
      expect(parseSettings(`local: {subnet: "${subnet}"}`, "creel.yaml").local.subnet).toBe(subnet);
    },
  );

  it("says what agents have to reach, or that nobody asks", () => {
    const probe = (text: string) => parseSettings(`gateway: {probe: ${text}}`, "creel.yaml").gateway.probe;
    expect(probe("api.example.net:8443")).toEqual({ host: "api.example.net", port: 8443 });
    expect(probe("false")).toBeNull();
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
    const { redis, gateway, agents, discord, telegram, owners, operators, alerts } = parseSettings(
      uncommented,
      "creel.example.yaml",
    );
    const { workspace: _, ...defaults } = agents.defaults;
    const { fallbacks, ...ofAda } = agents.named[parseAgentName("ada")] ?? {};
    expect(fallbacks).toBeNull();
    const whole = agentSettings.keyof().options.filter((name) => name !== "workspace");
    expect(Object.keys({ ...defaults, ...ofAda }).sort()).toEqual(whole.toSorted());
    expect(secretsIn(agents).map(({ setting }) => setting)).toEqual([
      "defaults.providers.openai.key",
      "defaults.providers.anthropic.key",
      "defaults.openclaw.skills.entries.weather.apiKey",
      "named.ada.channels.telegram.token",
      "named.ada.channels.discord.token",
    ]);
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
    ...[
      "0.0",
      "8.8",
      "127.0",
      "169.254",
      "172.15",
      "172.32",
      "192.167",
      "100.63",
      "100.128",
      "203.0",
      "224.0",
      "255.255",
    ].map((subnet): [string, string] => [`local: {subnet: '${subnet}'}`, "local.subnet: must be in a private range"]),
    ["gateway: {probe: example.net}", "gateway.probe: must be a name and a port"],
    ["gateway: {probe: 'example.net:0'}", "gateway.probe: must be a name and a port"],
    ["gateway: {probe: 'exa mple.net:443'}", "gateway.probe: must be a name and a port"],
    ["gateway: {probe: true}", "gateway.probe: must be a name and a port"],
    ["local: {subnet: '10.99.1'}", "local.subnet:"],
    ["budgets: {deploy: {ready: -1}}", "budgets.deploy.ready:"],
    ["local: *nope", "creel.yaml has a problem: a * stands for what was named with & before, and here for nothing"],
    [
      "a: &a [1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]",
      "or for too much",
    ],
    ["a: [", "line 1: the indentation does not fit the lines before, or a bracket is not closed"],
    ["local:\n\tdriver: qemu", "line 2: indent with spaces, not with tabs"],
    ["gateway: {port: 2000}\ngateway: {port: 2001}", "line 2: a setting is there twice"],
    ["local: {driver: auto}\n---\nlocal: {}", "there may be only one"],
    ["local: !host {driver: auto}", "text that begins so has to be in quotes"],
    ["gateway: {token: @home}", "text that begins with such a character has to be in quotes"],
    ["alerts: {timeZone: Europe: Berlin}", "text with a colon in it has to be in quotes"],
    ["1: one", "there is no such setting"],
    ["local: {subnet: 10.97}", "local.subnet: must be in quotes"],
    ["owners: {terminal: [yes, 7]}", "owners.terminal.1: must be in quotes"],
    ["owners: {terminal: ['']}", "owners.terminal.0: must not be empty"],
    ["owners: {terminal: []}", "owners: names nobody who could give a command"],
    ["discord: {}", "discord.token: is missing"],
    ["discord:", "discord: must be a group of settings"],
    ["gateway: {openclaw: 2026}", "gateway.openclaw: must be in quotes"],
    ["redis: {url: 7}", "redis.url: must be in quotes"],
    ["- a", "the file:"],
    ["agents: {named: {Ada: {}}}", "agents.named.Ada: must be an agent's name"],
    ["agents: {defaults: {providers: {'a/b': {}}}}", "agents.defaults.providers.a/b: must be a provider's name"],
    ["agents: {defaults: {model: gpt-5.5}}", "agents.defaults.model: must be a provider and a model, such as"],
    ["agents: {named: {ada: {channels: {telegram: {apiRoot: x}}}}}", "channels.telegram.apiRoot: must be an address"],
    [
      "agents: {named: {ada: {channels: {telegram: {token: 'hunter2-hunter2'}}}}}",
      "agents.named.ada.channels.telegram.token: must refer to a secret",
    ],
    [
      "agents: {defaults: {providers: {x: {baseUrl: ftp://x}}}}",
      "agents.defaults.providers.x.baseUrl: must be an address",
    ],
    [
      "agents: {defaults: {providers: {x: {api: ollama}}}}",
      "agents.defaults.providers.x.api: must be one of openai-comp",
    ],
    ["agents: {defaults: {openclaw: {gateway: {bind: lan}}}}", "agents.defaults.openclaw.gateway.bind: is Creel's:"],
    ["agents: {defaults: {openclaw: {gateway: {auth: {mode: none}}}}}", "openclaw.gateway.auth: is Creel's:"],
    [
      "agents: {defaults: {openclaw: {secrets: {providers: {creel: {source: exec}}}}}}",
      "openclaw.secrets.providers.creel: is Creel's: write env:NAME",
    ],
    ["agents: {defaults: {openclaw: {update: {checkOnStart: true}}}}", "openclaw.update: is Creel's:"],
    [
      "agents: {defaults: {openclaw: {agents: {defaults: {model: {primary: a/b}}}}}}",
      "agents.defaults.openclaw.agents.defaults.model: has settings of its own: model and fallbacks",
    ],
    [
      "agents: {defaults: {openclaw: {models: {providers: {lab: {apiKey: 'hunter2'}}}}}}",
      "openclaw.models.providers.lab.apiKey: has a setting of its own: providers.NAME.key",
    ],
    [
      "agents: {named: {ada: {openclaw: {channels: {telegram: {botToken: 'env:T'}}}}}}",
      "agents.named.ada.openclaw.channels.telegram.botToken: has a setting of its own: channels.telegram.token",
    ],
    [
      "agents: {defaults: {openclaw: {channels: {slack: {botToken: hunter2}}}}}",
      "slack.botToken: must refer to a secret",
    ],
    ["agents: {defaults: {openclaw: {tools: {$include: ./x.json5}}}}", "openclaw.tools.$include: is not possible"],
  ])("is refused with the path of what is wrong: %s", (text, complaint) => {
    const said = complaintsAbout(text);
    expect(said).toContain("config-invalid");
    expect(said).toContain(complaint);
    expect(said).not.toContain("hunter2");
  });

  it("is refused in Creel's words, whatever stands in the place of a setting", () => {
    const places = settingsIn(document(example), []);
    const anything = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        true,
        7,
        -1,
        0.5,
        Number.NaN,
        1e300,
        "",
        " ",
        "hunter2",
        [],
        {},
        [[]],
        new Date(0),
      ),
      fc.jsonValue({ maxDepth: 2 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), anything, (place, value) => {
        const changed = document(example);
        changed.setIn(place, value);
        const said = refusal(String(changed));
        expect(said ?? "").not.toMatch(
          /invalid input|expected|received|pattern|undefined|too (?:big|small)|unrecognized|NaN/i,
        );
        expect(said ?? "").not.toContain("something went wrong");
      }),
      { numRuns: 400 },
    );
  });

  it("is refused in Creel's words, whatever is typed into it", () => {
    const pieces = fc.constantFrom(
      ...["local", "driver", "auto", ":", ": ", "- ", "\n", "\n  ", "\t", "*a", "&a ", "!t ", "{", "}", "[", "]", ","],
      ...[
        "'",
        '"',
        "|",
        ">",
        "? ",
        "---\n",
        "%YAML 1.1\n",
        "#",
        "@",
        "`",
        "<<: ",
        "0x",
        "10.97",
        "~",
        "\\q",
        "__proto__",
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (some) => {
        const said = refusal(some.join("")) ?? "creel.yaml has a problem";
        expect(said).toMatch(/^creel\.yaml has /);
        expect(said).not.toMatch(/implicit|scalar|collection|token|resolve|mapping|alias|anchor|flow|node/i);
      }),
      { numRuns: 1000 },
    );
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
