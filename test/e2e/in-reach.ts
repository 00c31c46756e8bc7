import { connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";

/** An address of this machine that hosts reach when they have a way to the internet. */
export function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const found = all.find(({ family, internal }) => family === "IPv4" && !internal);
  if (found === undefined) throw new Error("This machine has no network.");
  return found.address;
}

/** A port at `address` that leads to one on loopback. */
export async function forwardTo(address: string, port: number): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((incoming) => {
    const outgoing = connect(port, "127.0.0.1");
    incoming.pipe(outgoing).pipe(incoming);
    incoming.on("error", () => outgoing.destroy());
    outgoing.on("error", () => incoming.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("There is no port.");
  return {
    port: bound.port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
