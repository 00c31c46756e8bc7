import { readdirSync, readFileSync } from "node:fs";

export interface Sample {
  readonly rssMb: number;
  readonly cpuMs: number;
}

/** Resident memory and processor time so far, from the scheduler's own count, of processes by any name. */
export function sample<Name extends string>(pids: Readonly<Record<Name, number>>): Record<Name, Sample> {
  const samples = Object.entries<number>(pids).map(([name, pid]) => [name, of(pid)]);
  return Object.fromEntries(samples);
}

function of(pid: number): Sample {
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  const threads = readdirSync(`/proc/${pid}/task`);
  const times = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return { rssMb: Number(rss) / 1024, cpuMs: times.reduce((sum, time) => sum + time, 0) / 1e6 };
}
