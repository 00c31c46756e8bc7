import { createRecent } from "./recent.ts";

/**
 * Which updates have been dealt with. Asking Telegram for updates from a number on throws away all before it, so that number
 * may not pass an update that is still being worked on: after a crash Telegram has to deliver it again.
 */
export function createBacklog() {
  const working = new Set<number>();
  /** Done while an older one is still being worked on. */
  const early = new Set<number>();
  /** An answer that was on its way may bring them once more. */
  const past = createRecent();
  let offset = 0;

  return {
    /** True the first time an update is seen. */
    take(id: number): boolean {
      if (working.has(id) || past.has(id)) return false;
      working.add(id);
      return true;
    },
    done(id: number): void {
      working.delete(id);
      early.add(id);
      past.add(id);
      const firstOpen = Math.min(...working);
      const passed = [...early].filter((one) => one < firstOpen);
      // Not the highest of all times: after a quiet week Telegram's numbers start somewhere else.
      if (passed.length > 0) offset = Math.max(...passed) + 1;
      for (const one of passed) early.delete(one);
    },
    /** For `getUpdates`: everything below it is done. 0 before anything is. */
    get offset(): number {
      return offset;
    },
    get working(): boolean {
      return working.size > 0;
    },
  };
}
