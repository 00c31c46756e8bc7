import { daysOld, isTooOld } from "../core/golden-image.ts";
import { formatAgo, formatBytes } from "../core/measures.ts";
import { type Block, type Message, message, text } from "../core/message.ts";
import { selectProvider } from "../operations/providers.ts";
import type { Look, Question } from "./question.ts";

interface ImageSummary {
  readonly id: string;
  readonly fingerprint: string;
  readonly createdAtMs: number;
  readonly sizeBytes: number;
  readonly openclawVersion: string;
}

interface Images {
  /** The fingerprint of what hosts should start from. */
  readonly wanted: string;
  /** What has changed since the newest one was made. */
  readonly changes: readonly string[];
  readonly maxAgeDays: number;
  /** null: it has to be built. */
  readonly current: ImageSummary | null;
  readonly all: readonly ImageSummary[];
}

/** What new hosts of the default provider start from. */
export const image: Question<null, Images> = {
  ask: ({ services }) => selectProvider(services.providers, null).images.status(),
  show,
};

/** Whether building it again would change nothing. */
export function isFresh({ current, maxAgeDays }: Images, nowMs: number): boolean {
  return current !== null && !isTooOld(current, maxAgeDays, nowMs);
}

const HEAD = ["Image", "OpenClaw", "Size", "Made", ""];

function show(images: Images, look: Look): Message {
  const { all, current } = images;
  const rows = all.map((one) => describe(one, current, look.nowMs));
  const table: Block = { type: "table", head: HEAD, rows };
  if (isFresh(images, look.nowMs)) return message("The image is up to date.", "good", [table]);
  const actions = [look.action("/image build")];
  if (current !== null) {
    const why =
      "What new hosts start from has had no repairs of Debian and OpenClaw since. Agents that run get Debian's security updates by themselves.";
    const title = `The image is ${daysOld(current, look.nowMs)} days old.`;
    return message(title, "plain", [text(why), table], { actions });
  }
  const changes = images.changes.length === 0 ? "" : ` (${images.changes.join(", ")})`;
  const why =
    rows.length === 0
      ? "There is no image yet. The first deploy builds it, which takes some minutes; or build it now."
      : `What goes into it has changed${changes}: the next deploy first builds ${images.wanted.slice(0, 12)}, which takes some minutes; or build it now.`;
  return message("An image has to be built.", "plain", [text(why), table], { actions });
}

function describe(one: ImageSummary, current: ImageSummary | null, nowMs: number): string[] {
  const used = one.id === current?.id ? "in use" : "kept";
  const made = formatAgo(nowMs - one.createdAtMs);
  return [one.fingerprint.slice(0, 12), one.openclawVersion, formatBytes(one.sizeBytes), made, used];
}
