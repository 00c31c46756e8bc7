import type { Component, ComponentRow } from "../fixtures/discord/component-schema.ts";
import type { Embed } from "../fixtures/discord/message-schema.ts";
import type { Modal } from "../fixtures/discord/modal-schema.ts";
import { discordMarkup, type Reader } from "./discord-markup.ts";
import { clockTime, escapeHtml, page } from "./html.ts";
import type { DiscordMessage, DiscordPicture } from "./picture.ts";

const BUTTON_STYLES: Readonly<Record<number, string>> = { 1: "primary", 2: "plain", 3: "good", 4: "danger" };

/** A channel or thread on a phone, as one person sees it. @throws Error for what no picture has needed so far */
export function discordPage(picture: DiscordPicture): string {
  const messages = picture.messages.map((message) => shownMessage(message, picture)).join("");
  const place = picture.place.map(escapeHtml).join(" <i>›</i> ");
  return page("discord", `<header><i>#</i> ${place}</header><main>${messages}</main>${shownDialog(picture.dialog)}`);
}

function shownMessage(message: DiscordMessage, reader: Reader): string {
  const { usedBy, content, embeds, components, attachments, createdMs, edits, pings, visibleTo } = message;
  if (attachments.length > 0) throw new Error("no picture of files yet");
  const look = pings.length > 0 ? "pinged" : visibleTo === null ? "public" : "private";
  return [
    `<article class="${look}">`,
    usedBy === null ? "" : usedLine(usedBy),
    '<div class="avatar">C</div>',
    `<p class="author"><b>Creel</b> <span class="app">APP</span> <time>${clockTime(createdMs)}</time></p>`,
    `<div>${discordMarkup(content, reader)}${edits > 0 ? " <small>(edited)</small>" : ""}</div>`,
    ...embeds.map((embed) => shownEmbed(embed, reader)),
    ...components.map(shownRow),
    visibleTo === null ? "" : "<p><small>Only you can see this · <a>Dismiss message</a></small></p>",
    "</article>",
  ].join("");
}

function shownDialog(dialog: Modal | null): string {
  if (dialog === null) return "";
  const lines = dialog.components.map(({ label, description, component }) =>
    [
      `<p><span class="label">${escapeHtml(label)}</span>${component.required === false ? "" : " <em>*</em>"}</p>`,
      `<p><small>${escapeHtml(description ?? "")}</small></p>`,
      `<p class="line">${escapeHtml(component.placeholder ?? "")}</p>`,
    ].join(""),
  );
  return `<section><h1>${escapeHtml(dialog.title)}</h1>${lines.join("")}<p class="send">Submit</p></section>`;
}

function usedLine({ person, command }: NonNullable<DiscordMessage["usedBy"]>): string {
  return `<p class="used"><b>${escapeHtml(person)}</b> used <a>/${escapeHtml(command)}</a></p>`;
}

function shownEmbed({ color, description, ...others }: Embed, reader: Reader): string {
  const [other] = Object.keys(others);
  if (other !== undefined) throw new Error(`no picture of an embed's ${other} yet`);
  const bar = `#${(color ?? 0).toString(16).padStart(6, "0")}`;
  return `<div class="embed" style="border-left-color:${bar}">${discordMarkup(description ?? "", reader)}</div>`;
}

function shownRow({ components }: ComponentRow): string {
  return `<div class="row">${components.map(shownButton).join("")}</div>`;
}

function shownButton(component: Component): string {
  if (component.type !== 2) throw new Error("no picture of menus yet");
  const style = BUTTON_STYLES[component.style];
  if (style === undefined) throw new Error(`no picture of buttons of style ${component.style} yet`);
  return `<span class="${style}">${escapeHtml(component.label ?? "")}</span>`;
}
