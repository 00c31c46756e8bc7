// first-state.mjs FROM TO: the database FROM of a gateway, as it was before anything belonged to one gateway. Making the tables takes
// a third of a gateway's first start. Only what follows from OpenClaw's version is kept; no identity, key or token, and no free pages.
import { DatabaseSync } from "node:sqlite";

/** The schema's version, finished migrations, the index of bundled plugins. */
const KEPT = new Set(["schema_meta", "config_machine_state", "migration_runs", "migration_sources"]);
const SECRET = /PRIVATE KEY|only-for-this-run/;

const [from, to] = process.argv.slice(-2);
const database = new DatabaseSync(from);
database.exec("PRAGMA foreign_keys = off");
const tables = database
  .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
  .all();
for (const { name } of tables) if (!KEPT.has(name)) database.exec(`DELETE FROM "${name}"`);
database.prepare("VACUUM INTO ?").run(to);
database.close();

const made = new DatabaseSync(to, { readOnly: true });
for (const { name } of tables) {
  for (const row of made.prepare(`SELECT * FROM "${name}"`).iterate()) {
    if (
      !KEPT.has(name) ||
      Object.values(row).some((value) => SECRET.test(String(value)) || value instanceof Uint8Array)
    ) {
      throw new Error(`${name} in the first state has a row that belongs to one gateway.`);
    }
  }
}
