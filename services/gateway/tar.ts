export interface TarFile {
  /** Relative, at most 100 bytes. */
  readonly path: string;
  readonly content: string | Uint8Array;
  /** A folder that it lies below; "" when not given. */
  readonly below?: string;
  readonly executable?: boolean;
}

const BLOCK = 512;

/** A ustar archive of plain files, mode 0600 or 0700, made at the epoch. */
export function tarOf(files: readonly TarFile[]): Buffer {
  const blocks = files.flatMap((file) => {
    const bytes = Buffer.from(file.content);
    const padding = Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK);
    return [header(file, bytes.length), bytes, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function header({ path, below = "", executable = false }: TarFile, size: number): Buffer {
  const name = Buffer.from(path);
  if (name.length > 100) throw new RangeError(`A path of ${name.length} bytes does not fit into a tar header.`);
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0);
  block.write(executable ? "0000700\0" : "0000600\0", 100);
  block.write("0000000\0", 108);
  block.write("0000000\0", 116);
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  block.write("00000000000\0", 136);
  // The checksum counts its own field as spaces.
  block.write("        ", 148);
  block.write("0", 156);
  block.write("ustar\x0000", 257);
  block.write(below, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
