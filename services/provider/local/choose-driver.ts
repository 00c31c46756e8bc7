import { missingTools } from "./machine.ts";

export type DriverName = "nspawn" | "qemu";

/** nspawn wherever it can work: it boots in a fraction of the time and needs no virtualisation. */
export async function chooseDriver(wanted: DriverName | "auto"): Promise<DriverName> {
  if (wanted !== "auto") return wanted;
  const isRoot = process.getuid?.() === 0;
  return isRoot && (await missingTools(["systemd-nspawn"])).length === 0 ? "nspawn" : "qemu";
}
