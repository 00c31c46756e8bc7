import type { Message } from "../message.ts";

/** What Creel says in the terminal by itself. Whoever has the screen shows it where it disturbs nothing; else it is printed plainly. */
export interface Notices {
  say(message: Message): void;
  /** `show` gets everything from now on, until the returned function is called. */
  showBy(show: (message: Message) => void): () => void;
}

export function createNotices(print: (message: Message) => void): Notices {
  let show = print;
  return {
    say: (message) => show(message),
    showBy(other) {
      show = other;
      return () => {
        show = print;
      };
    },
  };
}
