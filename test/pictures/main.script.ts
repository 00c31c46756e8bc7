/**
 * `npm run pictures`: records what people see of Creel and draws it into docs/pictures. With `-- terminal` or `-- chats` only that story is
 * recorded anew, with `-- draw` none: what was recorded last is drawn again, for work on the looks.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig } from "../../src/config.ts";
import { setup } from "../e2e/global-setup.ts";
import { type Camera, openCamera } from "./camera.ts";
import { chatsStory } from "./chats-story.ts";
import { discordPage } from "./discord-page.ts";
import type { PagePicture, Picture } from "./picture.ts";
import { telegramPage } from "./telegram-page.ts";
import { terminalPage } from "./terminal-page.ts";
import { terminalStory } from "./terminal-story.ts";

const STORIES = { terminal: terminalStory, chats: chatsStory };
const WIDTHS = { discord: 390, telegram: 390, terminal: 720 };
const recordings = join(loadConfig().cacheDir, "pictures");
const drawings = join(import.meta.dirname, "../../docs/pictures");

await main(process.argv[2] ?? "all");

async function main(what: string): Promise<void> {
  if (!["all", "draw", ...Object.keys(STORIES)].includes(what)) {
    throw new Error(`usage: npm run pictures [-- ${[...Object.keys(STORIES), "draw"].join(" | ")}]`);
  }
  for (const [name, story] of Object.entries(STORIES)) {
    if (what === "all" || what === name) await record(name, story);
  }
  await mkdir(drawings, { recursive: true });
  await using camera = await openCamera();
  for (const name of Object.keys(STORIES)) {
    if (what === "all" || what === "draw" || what === name) await draw(name, camera);
  }
}

/** Kept as soon as a story has been told, because hosts are slow. */
async function record(name: string, story: () => Promise<Picture[]>): Promise<void> {
  await setup();
  await mkdir(recordings, { recursive: true });
  await writeFile(join(recordings, `${name}.json`), JSON.stringify(await story(), null, 1));
}

async function draw(name: string, camera: Camera): Promise<void> {
  const pictures: Picture[] = JSON.parse(await readFile(join(recordings, `${name}.json`), "utf8"));
  for (const picture of pictures) {
    const target = join(drawings, `${picture.name}.png`);
    if (picture.kind === "page") await camera.keep(Buffer.from(picture.png, "base64"), target);
    else await camera.shoot(pageOf(picture), WIDTHS[picture.kind], target);
    console.info(target);
  }
}

function pageOf(picture: Exclude<Picture, PagePicture>): string {
  switch (picture.kind) {
    case "discord":
      return discordPage(picture);
    case "telegram":
      return telegramPage(picture);
    case "terminal":
      return terminalPage(picture);
  }
}
