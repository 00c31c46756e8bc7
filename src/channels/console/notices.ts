import type { Message } from "../../core/message.ts";

/** What Creel says in the terminal by itself. Whoever has the screen shows it where it disturbs nothing; else it is printed plainly. */
export interface Notices {
  say(message: Message): void;
  /** `show` gets everything from now on, until the returned function is called. */
  showBy(show: (message: Message) => void): () => void;
  /** `show` gets everything, too. */
  showAlsoBy(show: (message: Message) => void): () => void;
}

export function createNotices(print: (message: Message) => void): Notices {
  let show = print;
  const others = new Set<(message: Message) => void>();
  return {
    say(message) {
      for (const each of [show, ...others]) each(message);
    },
    showBy(other) {
      show = other;
      return () => {
        show = print;
      };
    },
    showAlsoBy(other) {
      others.add(other);
      return () => void others.delete(other);
    },
  };
}
