import { expect, it } from "vitest";
import { linkOf } from "../../../services/gateway/page.ts";

const there = "http://127.0.0.1:18789/#bootstrapToken=once&gatewayUrl=ws%3A%2F%2F127.0.0.1%3A18789";

it("takes a link to the gateway's own page", () => {
  expect(linkOf(there, 18_789)?.reveal()).toBe(there);
});

it.each([
  ["elsewhere", there.replace("127.0.0.1:18789/", "example.net/")],
  ["with a user in it", there.replace("http://", "http://127.0.0.1@")],
  ["over another port", there.replace(":18789/", ":18790/")],
  ["to a gateway elsewhere", there.replace("ws%3A%2F%2F127.0.0.1%3A18789", "ws%3A%2F%2Fexample.net")],
  ["without a token", "http://127.0.0.1:18789/"],
  ["that is none", "javascript:alert(1)"],
])("refuses one %s, as it was made in the agent's container", (_what, link) => {
  expect(linkOf(link, 18_789)).toBeNull();
});
