/** `npm run bench [-- PART…]`: measures, prints, writes bench/results/PART.json. Fails only when something is broken, never for a number. */
import { ack } from "./ack.ts";
import { chatDeploy } from "./chat-deploy.ts";
import { chats } from "./chats.ts";
import { deploy } from "./deploy.ts";
import { deploySettings } from "./deploy-settings.ts";
import { idle } from "./idle.ts";
import { prompt } from "./prompt.ts";
import { print, write } from "./results.ts";
import { talk } from "./talk.ts";

const PARTS = { ack, chats, idle, prompt, deploy, "chat-deploy": chatDeploy, "deploy-settings": deploySettings, talk };

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`There is no benchmark called ${unknown.join(", ")}. There are: ${Object.keys(PARTS).join(", ")}.`);
  process.exit(2);
}
for (const [name, measure] of Object.entries(PARTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n${name}`);
  const result = await measure();
  print(result);
  await write(name, result);
}
