import type { JobControl } from "../channels/console/keyboard.ts";

/** The signal of being continued and the return of stopping oneself are one event. */
const SETTLE_MS = 20;

/** The job control of the shell that this process was started from. Whoever waits for it (npm, sh) is stopped and continued with it. */
export function shellJobControl({ stdin }: NodeJS.Process): JobControl {
  const listeners = new Set<() => void>();
  let telling: NodeJS.Timeout | undefined;
  const continued = (isRaw: boolean) => {
    // Turned off first: what the shell has done to the terminal meanwhile, Node does not know.
    if (isRaw) stdin.setRawMode(false).setRawMode(true);
    clearTimeout(telling);
    telling = setTimeout(() => {
      for (const listener of listeners) listener();
    }, SETTLE_MS);
  };
  const onSignal = () => continued(stdin.isRaw === true);
  return {
    suspend() {
      const isRaw = stdin.isRaw === true;
      if (isRaw) stdin.setRawMode(false);
      // The whole job, as Ctrl-Z does where the terminal itself acts on it: a shell has only its own child in view.
      // Without a shell that could continue it the kernel ignores this, and all goes on.
      process.kill(0, "SIGTSTP");
      continued(isRaw);
    },
    onContinued(listener) {
      if (listeners.size === 0) process.on("SIGCONT", onSignal);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) process.off("SIGCONT", onSignal);
      };
    },
  };
}
