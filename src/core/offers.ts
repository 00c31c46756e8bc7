import { OpsError } from "./errors.ts";
import { quoteForMessage } from "./names.ts";

interface Price {
  /** Such as `EUR`. */
  readonly currency: string;
  readonly perHour: number;
  /** What a whole month costs at most. */
  readonly perMonth: number;
}

/** A region in which a size can be had now. */
export interface Availability {
  readonly region: string;
  /** null where nothing is paid. */
  readonly price: Price | null;
}

export interface Size {
  readonly name: string;
  readonly cpus: number;
  readonly memoryMb: number;
  readonly diskGb: number;
  /** In the order of the regions; empty when it is sold out. */
  readonly available: readonly Availability[];
}

/** What a provider has. Those that come first are preferred. */
export interface Offers {
  readonly regions: readonly string[];
  readonly sizes: readonly Size[];
}

interface Wish {
  /** null: whichever comes first. */
  readonly region: string | null;
  readonly size: string | null;
}

/**
 * What is wished for, or the first that goes with it.
 * @throws OpsError `input-invalid` for what is not offered, or not there now, that names what is; `capacity` when there is nothing at all.
 */
export function chooseOffer({ regions, sizes }: Offers, wish: Wish): { readonly region: string; readonly size: Size } {
  const named = sizes.filter(({ name }) => wish.size === null || name === wish.size);
  if (wish.size !== null && named.length === 0) throw notOffered("size", wish.size, namesOf(sizes));
  if (wish.region !== null && !regions.includes(wish.region)) throw notOffered("region", wish.region, regions);
  for (const region of wish.region === null ? regions : [wish.region]) {
    const size = named.find((one) => isIn(one, region));
    if (size !== undefined) return { region, size };
  }
  throw notThereNow({ regions, sizes }, wish);
}

/** Where a size can be had now, and what it costs: such as `€0.006 an hour, €3.79 a month`, or `from €3.79 a month`. Empty when there is nothing to say. */
export function offerWords({ available }: Size, regions: readonly string[]): readonly string[] {
  if (available.length === 0) return ["sold out"];
  const where = available.map(({ region }) => region);
  const only = regions.every((region) => where.includes(region)) ? [] : [`only in ${where.join(", ")}`];
  const [price, ...others] = available.flatMap((one) => (one.price === null ? [] : [one.price]));
  if (price === undefined) return only;
  if (others.every((other) => other.perMonth === price.perMonth && other.perHour === price.perHour)) {
    return [`${money(price.perHour, price)} an hour`, `${money(price.perMonth, price)} a month`, ...only];
  }
  const cheapest = others.reduce((low, other) => (other.perMonth < low.perMonth ? other : low), price);
  return [`from ${money(cheapest.perMonth, cheapest)} a month`, ...only];
}

function money(amount: number, { currency }: Price): string {
  const digits = amount < 0.1 ? 4 : 2;
  return new Intl.NumberFormat("en", { style: "currency", currency, maximumFractionDigits: digits }).format(amount);
}

function isIn({ available }: Size, region: string): boolean {
  return available.some((one) => one.region === region);
}

function namesOf(sizes: readonly Size[]): string[] {
  return sizes.map(({ name }) => name);
}

function notOffered(what: string, asked: string, offered: readonly string[]): OpsError {
  return new OpsError({
    code: "input-invalid",
    userMessage: `There is no ${what} called ${quoteForMessage(asked)}.`,
    hint: `Use one of: ${offered.join(", ")}.`,
  });
}

function notThereNow({ regions, sizes }: Offers, { region, size }: Wish): OpsError {
  const there = region === null ? [] : namesOf(sizes.filter((one) => isIn(one, region)));
  const elsewhere = regions.filter((other) =>
    sizes.some((one) => (size === null || one.name === size) && isIn(one, other)),
  );
  const hints = [
    ...(there.length === 0 ? [] : [`There you can have ${there.join(", ")}.`]),
    ...(elsewhere.length === 0 ? [] : [`${size ?? "Something"} can be had in ${elsewhere.join(", ")}.`]),
  ];
  const what = size === null ? "Nothing" : `The size ${size}`;
  return new OpsError({
    code: hints.length === 0 ? "capacity" : "input-invalid",
    userMessage: `${what} can${size === null ? "" : "not"} be had${region === null ? "" : ` in ${region}`} now.`,
    hint: hints.length === 0 ? "Try again later." : hints.join(" "),
  });
}
