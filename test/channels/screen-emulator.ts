// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this is about
const TOKEN = /\x1b\[([\d;]*)([A-Za-z])|[\s\S]/g;

/** What a terminal of `columns` cells shows after the given output; knows the few sequences that live progress uses. Narrow characters only. */
export function screenAfter(output: string, columns: number): string[] {
  const rows: string[][] = [[]];
  let row = 0;
  let column = 0;
  const line = () => {
    while (rows.length <= row) rows.push([]);
    return rows[row] ?? [];
  };
  const down = () => {
    row += 1;
    column = 0;
    line();
  };
  const clearBehind = () => {
    line().length = Math.min(line().length, column);
  };
  const commands: Readonly<Record<string, (parameter: number) => void>> = {
    A: (lines) => {
      row = Math.max(0, row - lines);
    },
    G: (place) => {
      column = place - 1;
    },
    K: clearBehind,
    J: () => {
      rows.length = row + 1;
      clearBehind();
    },
    m: () => undefined,
  };
  const type = (char: string) => {
    if (column === columns) down();
    while (line().length < column) line().push(" ");
    line()[column] = char;
    column += 1;
  };
  for (const [token, parameter, command] of output.matchAll(TOKEN)) {
    const known = command === undefined ? undefined : commands[command];
    if (known !== undefined) known(Number(parameter || 1));
    else if (command !== undefined) throw new Error(`unexpected sequence ${JSON.stringify(token)}`);
    else if (token === "\n") down();
    else if (token === "\r") column = 0;
    else type(token);
  }
  return rows.map((cells) => cells.join("").trimEnd());
}
