import { expect, it } from "vitest";
import { type Actor, type People, rankOf } from "../../src/core/actor.ts";

const nobody: People = { terminal: [], discord: { users: [], roles: [] }, telegram: [] };
const actor = (fields: Partial<Actor>): Actor => ({ channel: "discord", user: "1", roles: [], name: "Mia", ...fields });

it.each<[string, Partial<Actor>, Partial<People>, string]>([
  ["nobody is listed", {}, {}, "stranger"],
  ["the user is listed", {}, { discord: { users: ["1"], roles: [] } }, "owner"],
  ["a role is listed", { roles: ["8", "9"] }, { discord: { users: [], roles: ["9"] } }, "owner"],
  ["the user's id is listed as a role", {}, { discord: { users: [], roles: ["1"] } }, "stranger"],
  [
    "a role has the id of a listed user",
    { user: "2", roles: ["1"] },
    { discord: { users: ["1"], roles: [] } },
    "stranger",
  ],
  ["the id is listed in another channel", {}, { telegram: ["1"], terminal: ["1"] }, "stranger"],
  ["the name is listed", {}, { discord: { users: ["Mia"], roles: [] } }, "stranger"],
  ["a Telegram id is listed", { channel: "telegram" }, { telegram: ["1"] }, "owner"],
  [
    "an account of Telegram's own is listed",
    { channel: "telegram", user: "777000" },
    { telegram: ["777000"] },
    "stranger",
  ],
  ["a terminal user is listed", { channel: "terminal" }, { terminal: ["1"] }, "owner"],
  ["Creel itself acts", { channel: "creel" }, {}, "owner"],
])("when %s", (_when, fields, owners, rank) => {
  expect(rankOf(actor(fields), { owners: { ...nobody, ...owners }, operators: nobody })).toBe(rank);
});

it("who is on both lists is an owner", () => {
  const listed = { ...nobody, telegram: ["1"] };
  expect(rankOf(actor({ channel: "telegram" }), { owners: listed, operators: listed })).toBe("owner");
  expect(rankOf(actor({ channel: "telegram" }), { owners: nobody, operators: listed })).toBe("operator");
});
