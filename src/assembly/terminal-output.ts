import { spawnSync } from "node:child_process";

/**
 * Has this process's terminal take what it is sent as it is. Node's raw mode is about input only and leaves it to return at each line feed, which is not
 * what full-screen programs mean by one. Leaving raw mode puts back what was before. Without stty the terminal stays as it is.
 */
export function takeOutputAsItIs(): void {
  // The environment has nothing but what programs may inherit.
  spawnSync("stty", ["-opost"], { stdio: ["inherit", "ignore", "ignore"] });
}
