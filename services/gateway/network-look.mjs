// node --eval "$(cat this)" NAME PORT: looks NAME up and connects to it, as a gateway would. Prints what came of it as JSON, always.
const [name, port] = process.argv.slice(-2);
const LOOKUP_MS = 8000;
const CONNECT_MS = 5000;

function say(answer) {
  process.stdout.write(JSON.stringify(answer), () => process.exit(0));
}

const servers = process.getBuiltinModule("node:dns").getServers();
const addresses = await new Promise((resolve) => {
  setTimeout(() => say({ obstacle: "lookup", code: "ETIMEDOUT", servers }), LOOKUP_MS);
  process.getBuiltinModule("node:dns").lookup(name, { all: true }, (error, found) => {
    if (error) say({ obstacle: "lookup", code: error.code ?? "unknown", servers });
    else resolve(found);
  });
});
const tried = addresses.map(({ address }) => address);
setTimeout(() => say({ obstacle: "connection", code: "ETIMEDOUT", tried }), CONNECT_MS);
const socket = process.getBuiltinModule("node:net").connect({
  host: name,
  port: Number(port),
  autoSelectFamily: true,
  lookup: (_name, _options, callback) => callback(null, addresses),
});
socket.on("connect", () => say({ obstacle: null }));
socket.on("error", (error) => {
  const { code } = error.errors?.at(-1) ?? error;
  say({ obstacle: "connection", code: code ?? "unknown", tried });
});
