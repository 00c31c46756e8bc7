import { Routes } from "discord.js";
import { z } from "zod";
import type { Finding } from "../../core/finding.ts";
import { look, ok } from "../../core/finding.ts";
import { type DiscordApi, readAnswer } from "./api.ts";
import type { Bot } from "./describe-bot.ts";
import { isThread, permissionsIn } from "./permissions.ts";
import { lackedBy, readMember, readServer } from "./server-member.ts";

const channel = z.object({
  name: z.string(),
  type: z.number(),
  guild_id: z.string(),
  parent_id: z.string().nullish(),
  permission_overwrites: z
    .array(z.object({ id: z.string(), type: z.number(), allow: z.string(), deny: z.string() }))
    .default([]),
});

/** Whether the bot may do in the channel for alerts what it needs. */
export async function checkAlertsChannel(api: DiscordApi, bot: Bot, id: string): Promise<Finding> {
  const subject = "alerts.discord";
  return await look(subject, async () => {
    const place = await readChannel(api, id);
    // A thread has the permissions of the channel it is in.
    const ruling = isThread(place.type) && place.parent_id != null ? await readChannel(api, place.parent_id) : place;
    const member = await readMember(api, bot, await readServer(api, place.guild_id));
    const missing = lackedBy(permissionsIn(member, ruling.permission_overwrites));
    if (missing.length === 0) return ok(subject, `The bot may do all it needs in #${place.name}.`);
    return {
      subject,
      verdict: "problem",
      seen: `In #${place.name} the bot lacks: ${missing.join(", ")}.`,
      fix: `Give it these in the settings of #${place.name}, under Permissions.`,
    };
  });
}

async function readChannel(api: DiscordApi, id: string) {
  return readAnswer(channel, await api.request({ method: "GET", route: Routes.channel(id) }));
}
