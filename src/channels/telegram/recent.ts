/** More than can be asked for at once, several times. */
const REMEMBERED = 1000;

/** The numbers of the newest updates that have been dealt with, in the order they were. */
export function createRecent() {
  const ids = new Set<number>();
  return {
    has: (id: number): boolean => ids.has(id),
    add(id: number): void {
      ids.add(id);
      for (const oldest of ids) {
        if (ids.size <= REMEMBERED) break;
        ids.delete(oldest);
      }
    },
  };
}
