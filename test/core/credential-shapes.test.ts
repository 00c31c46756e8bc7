import { describe, expect, test } from "vitest";
import { hideCredentials } from "../../src/core/credential-shapes.ts";

// Letters that nobody would take for random: only its shape gives such a credential away.
const a = (length: number) => "a".repeat(length);
const hide = (text: string) => hideCredentials(text, "[redacted]");
/** Letters of both cases and digits, each of another class than the one before. */
const random = (length: number) => "aB3".repeat(Math.ceil(length / 3)).slice(0, length);

describe("a credential is hidden from its first character to its last", () => {
  test.each([
    `-----BEGIN RSA PRIVATE KEY-----\n${a(20)}\n-----END RSA PRIVATE KEY-----`,
    `-----BEGIN PRIVATE KEY-----\n${a(20)}\n-----END PRIVATE KEY-----`,
    `123456:${a(30)}`,
    `123456789012:${a(35)}`,
    `M${a(23)}.${a(6)}.${a(27)}`,
    `N${a(20)}.${a(5)}.${a(20)}-_`,
    `eyJ${a(8)}.eyJ${a(8)}.${a(43)}`,
    `eyJ${a(8)}.eyJ${a(8)}`,
    ...["sk-", "rk-", "pk-", "gsk_", "xai-", "hf_", "api_org_", "pplx-", "r8_", "nvapi-"].map((is) => is + a(16)),
    ...["fw_", "tgp_v1_", "csk-", "AIza", "ya29.", "GOCSPX-", "1//0"].map((is) => is + a(16)),
    ...["AKIA", "ASIA", "ABIA", "ACCA", "AROA", "AIDA"].map((is) => `${is}${"A1".repeat(8)}`),
    ...["gho_", "ghp_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "glcbt-", "npm_"].map((is) => is + a(16)),
    ...["pypi-", "dckr_pat_", "dckr_oat_", "ATATT3", "ATCTT3"].map((is) => `${is}${a(14)}=-`),
    ...["xoxb-", "xapp-", "sk_live_", "rk_test_", "pk_live_", "whsec_", "SG.", "dop_v1_", "doo_v1_"].map(
      (is) => is + a(10),
    ),
    ...["tskey-", "hvs.", "hvb.", "lin_api_", "ntn_", "sntrys_", "sntryu_", "shpat_", "shpca_"].map((is) => is + a(10)),
    ...["shppa_", "shpss_", "figd_", "PMAK-", "glsa_", "sbp_", "rnd_", "EAAC", "ops_"].map((is) => `${is}${a(6)}./+=`),
    `AGE-SECRET-KEY-1${a(10)}`,
    `AGE-SECRET-KEY-1${"Q7".repeat(29)}`,
    `https://discord.com/api/webhooks/123456789012345/${a(20)}`,
    `https://discordapp.com/api/v9/webhooks/12345678901234567890/${a(20)}-_`,
    `https://canary.discord.com/api/v10/webhooks/123456789012345678/${a(68)}`,
    `https://hooks.slack.com/services/T${a(9)}/B${a(9)}`,
    `https://hooks.slack-gov.com/workflows/${a(20)}`,
    `HTTPS://hooks.slack.com/triggers/${a(20)}`,
    `https://some-team.webhook.office.com/webhookb2/${a(8)}@${a(8)}/IncomingWebhook`,
    random(24),
  ])("%j", (credential) => {
    expect(hide(`before ${credential} after`)).toBe("before [redacted] after");
  });
});

describe("after what says that it is one, a credential of any shape is hidden", () => {
  test.each([
    ["Bearer abcdefgh after", "Bearer [redacted] after"],
    ["bearer \t ~+/=.-_8 after", "bearer \t [redacted] after"],
    ["BASIC dXNlcjpwYXNz after", "BASIC [redacted] after"],
    ["Authorization: abc de\nafter", "Authorization: [redacted]\nafter"],
    ["authorization\t= 'abcdef' after", "authorization\t= '[redacted]' after"],
    ['{"authorization" : "abc def", "after": 1}', '{"authorization" : "[redacted]", "after": 1}'],
    ['{\\"cookie\\":\\"abcdef\\"}', '{\\"cookie\\":\\"[redacted]\\"}'],
    ["Set-Cookie:abcdef\r\nafter", "Set-Cookie:[redacted]\r\nafter"],
    ["redis://user:a@host/0", "redis://user:[redacted]@host/0"],
    ["redis://:abc:def@host/0", "redis://:[redacted]@host/0"],
    ...["token", "password", "passwd", "passphrase", "secret", "credential", "credentials", "signature"].map((name) => [
      `${name}=abcdef, after`,
      `${name}=[redacted], after`,
    ]),
    ...["api", "access", "private", "account", "client", "auth"].flatMap((kind) => [
      [`${kind}_key: abcdef; after`, `${kind}_key: [redacted]; after`],
      [`${kind}-key=abcdef}`, `${kind}-key=[redacted]}`],
      [`${kind.toUpperCase()}KEY=abcdef`, `${kind.toUpperCase()}KEY=[redacted]`],
    ]),
    ['secret\t:\t"two words" after', 'secret\t:\t[redacted]" after'],
    ["secret = 'it is long' after", "secret = [redacted]' after"],
    ['{\\"secret\\":\\"abcdef\\"}', '{\\"secret\\":\\[redacted]"}'],
    ["'secret': 'abcdef'", "'secret': [redacted]'"],
    // Where a name is no name of a digest, what follows it is none either.
    [`SHA256: is not ${random(24)}`, "SHA256: is not [redacted]"],
  ])("%j", (text, shown) => {
    expect(hide(text)).toBe(shown);
  });
});

describe("what only begins like a credential is left alone", () => {
  test.each([
    `1234567890123:${a(35)}`,
    `12345:${a(35)}`,
    `123456789:${a(29)}`,
    `xM${a(23)}.${a(6)}.${a(27)}`,
    `Z${a(23)}.${a(6)}.${a(27)}`,
    `M${a(23)}.${a(4)}.${a(27)}`,
    `M${a(23)}.${a(6)}.${a(19)}`,
    `xeyJ${a(20)}.eyJ${a(20)}`,
    `eyJ${a(7)}.eyJ${a(20)}`,
    `eyJ${a(20)}.eyJ${a(7)}`,
    ...["task-", "zk-", "xghp_", "ghx_", "glx1-", "xAIza", "xxoxb-", "zk_live_"].map((is) => is + a(20)),
    ...["sk-", "AIza", "ghp_"].map((is) => is + a(15)),
    `SG.${a(9)}`,
    `AKIA${"A1".repeat(8)}2`,
    `AKIA${"A1".repeat(7)}2`,
    `xAKIA${"A1".repeat(8)}`,
    `AGE-SECRET-KEY-1${a(9)}`,
    `https://discord.com/api/webhooks/12345678901234/${a(20)}`,
    `https://discord.com/api/webhooks/123456789012345678/${a(19)}`,
    `https://hooks.slack.com/services/${a(19)}`,
    `https://some-team.webhook.office.com/${a(19)}`,
    "bearer abcdefg",
    "the bearer of this",
    "cookie:abcde\nx",
    "https://host:8080/path",
    "https://user@host:8080/path",
    "token=abcde",
    'token: "abcde"',
    random(23),
    `sha256:${random(24)}`,
    `sha512-${random(24)}`,
    `SHA256:${random(24)}`,
    `ssh-ed25519 ${random(24)}`,
    `ssh-rsa ${random(24)}`,
    `ecdsa-sha2-nistp256 ${random(24)}`,
    "-".repeat(30),
    // Twenty-four characters of which a class is missing or comes only once, or that change too rarely.
    "aB".repeat(12),
    "a3".repeat(12),
    "B3".repeat(12),
    `3${"aB".repeat(12)}`,
    `a${"B3".repeat(12)}`,
    `B${"a3".repeat(12)}`,
    `${"Ada1".repeat(3)}${a(15)}`,
  ])("%j", (text) => {
    expect(hide(`before ${text}, after`)).toBe(`before ${text}, after`);
  });
});

test("seven changes in twenty characters are random, fewer are not, and signs between are no change", () => {
  const changes = (count: number, length: number) => `33${"aB".repeat(count / 2)}`.padEnd(length, "B");
  expect(hide(changes(14, 40))).toBe("[redacted]");
  expect(hide(changes(14, 41))).toBe(changes(14, 41));
  expect(hide("a_B-3/a+".repeat(4))).toBe("[redacted]");
  expect(hide("ab_cd-ef/gh+AB3D3".repeat(3))).toBe("ab_cd-ef/gh+AB3D3".repeat(3));
});
