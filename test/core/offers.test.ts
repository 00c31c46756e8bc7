import { expect, test } from "vitest";
import { type Availability, chooseOffer, type Offers, offerWords, type Size } from "../../src/core/offers.ts";

const eur = (perHour: number, perMonth: number) => ({ currency: "EUR", perHour, perMonth });
const size = (name: string, ...available: Availability[]): Size => ({
  ...{ name, cpus: 2, memoryMb: 2048, diskGb: 20 },
  available,
});
const offers: Offers = {
  regions: ["fsn", "hel", "sin"],
  sizes: [
    size("tiny", { region: "hel", price: eur(0.0059, 3.79) }),
    size("big", { region: "fsn", price: eur(0.2, 90) }, { region: "hel", price: eur(0.1, 45) }),
    size("gone"),
  ],
};

test.each([
  [null, null, "fsn", "big"],
  ["hel", null, "hel", "tiny"],
  [null, "tiny", "hel", "tiny"],
  ["hel", "big", "hel", "big"],
])("region %s and size %s lead to %s and %s", (region, wanted, where, what) => {
  expect(chooseOffer(offers, { region, size: wanted })).toMatchObject({ region: where, size: { name: what } });
});

test.each<[string | null, string | null, string, string, string]>([
  ["moon", null, "input-invalid", 'There is no region called "moon".', "Use one of: fsn, hel, sin."],
  [null, "huge", "input-invalid", 'There is no size called "huge".', "Use one of: tiny, big, gone."],
  [
    "fsn",
    "tiny",
    "input-invalid",
    "The size tiny cannot be had in fsn now.",
    "There you can have big. tiny can be had in hel.",
  ],
  ["sin", null, "input-invalid", "Nothing can be had in sin now.", "Something can be had in fsn, hel."],
  [null, "gone", "capacity", "The size gone cannot be had now.", "Try again later."],
])("region %s and size %s are refused", (region, wanted, code, userMessage, hint) => {
  expect(() => chooseOffer(offers, { region, size: wanted })).toThrow(
    expect.objectContaining({ code, userMessage, hint }),
  );
});

test("what a size costs and where it can be had is said as far as it differs", () => {
  const [tiny, big, gone] = offers.sizes as [Size, Size, Size];
  expect(offerWords(tiny, offers.regions)).toEqual(["€0.0059 an hour", "€3.79 a month", "only in hel"]);
  expect(offerWords(big, ["fsn", "hel"])).toEqual(["from €45.00 a month"]);
  expect(offerWords(gone, offers.regions)).toEqual(["sold out"]);
  expect(offerWords(size("free", { region: "local", price: null }), ["local"])).toEqual([]);
});
