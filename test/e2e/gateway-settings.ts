import { describe, expect, it } from "vitest";
import type { Gateway, GatewaySpec } from "../../services/gateway/gateway.ts";
import type { HostShell } from "../../services/host-shell/host-shell.ts";
import { NO_SETTINGS, NOTHING_KEPT } from "../../src/core/agent-settings.ts";
import type { OpsError } from "../../src/core/errors.ts";
import { Secret, vaultRef } from "../../src/core/secrets.ts";
import { eventually } from "../eventually.ts";

const CONFIG = "/var/lib/openclaw/openclaw.json";
const SECRETS_FILE = "/run/creel-secrets/gateway.json";
const signal = new AbortController().signal;

/** Makes the container image $2 of $1, as it was before it had the plugin. */
const WITHOUT_DISCORD = `
podman run --name=older --network=none --user=0 --entrypoint=rm "$1" -r /usr/local/lib/node_modules/openclaw/dist/extensions/discord
podman commit --quiet --change "USER node" --change 'ENTRYPOINT ["tini","--"]' older "$2"
podman rm older
`;

/** What holds of the settings of a gateway that runs with those of `spec`, on whatever host `shell` leads to by then. */
export function settingsOfAGateway(gateway: Gateway, spec: GatewaySpec, shell: () => HostShell): void {
  describe("and its settings", () => {
    const token = spec.token?.reveal() ?? "";
    const untilTaken = () => eventually(() => gateway.settings.taken(shell(), spec.port, signal));
    const key = `${token}-key` as const;
    const ref = vaultRef("for-this-test");
    const settings = {
      ...NO_SETTINGS,
      model: "mine/one",
      providers: {
        mine: { key: ref, baseUrl: "http://127.0.0.1:1/v1", api: "openai-completions" as const, models: [] },
      },
      timeZone: "Europe/Berlin",
    };
    const wanted = { ...spec, setup: { settings, secrets: new Map([[ref, new Secret(key)]]) } };
    const models = async () => (await shell().check(["cat", CONFIG])).includes("mine/one");

    it("are looked at by OpenClaw, with complaints that name them", async () => {
      await gateway.settings.check(shell(), wanted, signal);
      const wrong = { ...settings, openclaw: { logging: { level: "nonsense" }, nothing: { of: "the kind" } } };
      const refused = gateway.settings.check(
        shell(),
        { ...wanted, setup: { ...wanted.setup, settings: wrong } },
        signal,
      );
      const complaint = await refused.catch((error: unknown) => error);
      expect(complaint).toMatchObject({ code: "settings-refused", retry: "never" });
      expect((complaint as OpsError).evidence.join("\n")).toMatch(/openclaw\.logging\.level/);
      expect(await models()).toBe(false);
    });

    it("are refused where OpenClaw lacks what they take", async () => {
      const channels = { ...settings.channels, discord: { token: vaultRef("bot"), apiRoot: null } };
      const secrets = new Map([...wanted.setup.secrets, [vaultRef("bot"), new Secret("not-used")]]);
      const setup = { settings: { ...settings, channels }, secrets };
      await gateway.settings.check(shell(), { ...wanted, setup }, signal);
      const older = "localhost/creel/openclaw:older";
      await shell().check(["sh", "-euc", WITHOUT_DISCORD, "creel-older", spec.containerImage, older]);
      await expect(
        gateway.settings.check(shell(), { ...wanted, containerImage: older, setup }, signal),
      ).rejects.toMatchObject({
        code: "settings-refused",
        hint: expect.stringMatching(/deploy now, with OpenClaw 20[\d.]+, has the plugin/),
      });
    });

    it("are taken while it runs, and taken back", async () => {
      const { startedAtMs } = await gateway.health(shell(), spec.port);
      expect(await gateway.settings.renewed(shell(), wanted, signal)).toEqual(["providers.mine.key"]);
      await gateway.settings.put(shell(), wanted, signal);
      await gateway.settings.put(shell(), wanted, signal);
      expect(await gateway.settings.renewed(shell(), wanted, signal)).toEqual([]);
      const other = { ...wanted, setup: { settings, secrets: new Map([[ref, new Secret(`${key}-2`)]]) } };
      expect(await gateway.settings.renewed(shell(), other, signal)).toEqual(["providers.mine.key"]);
      expect(await untilTaken()).toEqual({ restarted: false });
      expect(await models()).toBe(true);
      const names = Object.keys(JSON.parse(await shell().check(["cat", SECRETS_FILE])));
      expect(names).toEqual(
        expect.arrayContaining(["gatewayToken", expect.stringMatching(/^providers\.mine\.key\.[0-9a-f]{16}$/)]),
      );
      await gateway.settings.goBack(shell(), signal);
      await gateway.settings.goBack(shell(), signal);
      await untilTaken();
      expect(await models()).toBe(false);
      await gateway.settings.settle(shell(), signal);
      await gateway.settings.settle(shell(), signal);
      expect(JSON.parse(await shell().check(["cat", SECRETS_FILE]))).toEqual({ gatewayToken: token });
      expect((await gateway.health(shell(), spec.port)).startedAtMs).toBe(startedAtMs);
    });

    it("are not said to be taken before it has heard of them, nor waited for when it never will", async () => {
      await gateway.settings.put(shell(), wanted, signal);
      await untilTaken();
      await gateway.settings.put(shell(), { ...wanted, setup: { ...wanted.setup, settings: NO_SETTINGS } }, signal);
      // It would tell of those before.
      await expect(gateway.settings.taken(shell(), spec.port, signal)).rejects.toMatchObject({ retry: "later" });
      await untilTaken();
      const botToken = { source: "env", provider: "default", id: "NOWHERE" };
      const openclaw = { channels: { telegram: { enabled: true, botToken } } };
      const setup = { ...wanted.setup, settings: { ...NO_SETTINGS, openclaw } };
      await gateway.settings.put(shell(), { ...wanted, setup }, signal);
      await expect(untilTaken()).rejects.toMatchObject({
        code: "gateway-config-invalid",
        retry: "never",
        userMessage: expect.stringContaining("channels.telegram.botToken"),
      });
      await gateway.settings.goBack(shell(), signal);
      await untilTaken();
      await gateway.settings.settle(shell(), signal);
    });

    it("make it start again where it has to, and that is told", async () => {
      const openclaw = { gateway: { controlUi: { basePath: "/ui" } } };
      const setup = { ...spec.setup, settings: { ...NO_SETTINGS, controlUi: true, openclaw } };
      await gateway.settings.put(shell(), { ...spec, setup }, signal);
      expect(await untilTaken()).toEqual({ restarted: true });
      await gateway.settings.goBack(shell(), signal);
      expect(await untilTaken()).toEqual({ restarted: true });
      await gateway.settings.settle(shell(), signal);
    });

    it("come back when it is down with those that it refuses", async () => {
      const wrong = { ...settings, openclaw: { logging: { level: "nonsense" } } };
      await gateway.settings.put(shell(), { ...wanted, setup: { ...wanted.setup, settings: wrong } }, signal);
      const refused = untilTaken();
      await expect(refused).rejects.toMatchObject({ code: "gateway-config-invalid" });
      await gateway.stop(shell(), signal);
      await gateway.start(shell(), signal);
      await expect(untilTaken()).rejects.toMatchObject({ code: "gateway-config-invalid" });
      await gateway.settings.goBack(shell(), signal);
      await gateway.start(shell(), signal);
      expect(await untilTaken()).toEqual({ restarted: true });
      await gateway.settings.settle(shell(), signal);
    });

    it("are kept beside it", async () => {
      expect(await gateway.settings.kept(shell(), signal)).toBe(null);
      await gateway.settings.keep(shell(), { ...NOTHING_KEPT, applied: settings }, signal);
      expect(await gateway.settings.kept(shell(), signal)).toEqual({ ...NOTHING_KEPT, applied: settings });
    });
  });
}
