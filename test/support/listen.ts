/** Local servers of tests: 127.0.0.1 only, any free port. */
import { once } from "node:events";
import type { Server } from "node:http";

/** Resolves with the server's address, for example http://127.0.0.1:43127. */
export async function listenLocally(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return `http://127.0.0.1:${address.port}`;
}

/** Kept-alive connections would otherwise hold it open. */
export async function closeLocally(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
