/** Code in JavaScript is told at once that there is no network; what code in C attempts, the sandbox refuses. */
import dgram from "node:dgram";
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";

import { observe } from "./reports.mts";

/** With the error that there is without a network. */
export function refuseNetwork(): void {
  const refusal = (what: string, syscall: string): Error => {
    observe("network", what, refusal);
    return Object.assign(new Error(`${syscall} ENETUNREACH ${what}`), {
      code: "ENETUNREACH",
      errno: -101,
      syscall,
    });
  };
  net.Socket.prototype.connect = function connect(this: net.Socket, ...args: readonly unknown[]): net.Socket {
    const error = refusal(addressOf(args), "connect");
    process.nextTick(() => this.destroy(error));
    return this;
  };
  dgram.Socket.prototype.send = function send(this: dgram.Socket, ...args: readonly unknown[]): void {
    const error = refusal("by UDP", "send");
    const callback = args.at(-1);
    process.nextTick(() => (typeof callback === "function" ? callback(error) : this.emit("error", error)));
  } as typeof dgram.Socket.prototype.send;
  const looksUp = (name: string): boolean => /^(lookup|resolve|reverse)/.test(name);
  for (const name of Object.keys(dns).filter(looksUp)) {
    Object.assign(dns, {
      [name](host: unknown, ...args: readonly unknown[]): void {
        const error = refusal(String(host), name);
        const callback = args.at(-1);
        if (typeof callback === "function") process.nextTick(callback, error);
      },
    });
  }
  for (const name of Object.keys(dns.promises).filter(looksUp))
    Object.assign(dns.promises, { [name]: (host: unknown) => Promise.reject(refusal(String(host), name)) });
  syncBuiltinESMExports();
}

/** net.connect passes on its normalized arguments as one list. */
function addressOf([first, second]: readonly unknown[]): string {
  const options: unknown = Array.isArray(first) ? first[0] : first;
  if (typeof options === "object" && options !== null) {
    const { path, host = "localhost", port } = options as { path?: string; host?: string; port?: number };
    return path ?? `${host}:${port}`;
  }
  if (typeof options === "number") return `${typeof second === "string" ? second : "localhost"}:${options}`;
  return typeof options === "string" ? options : "an unknown address";
}
