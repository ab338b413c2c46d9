/** A registry of npm's on this machine, with the packages that it is given. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { type Files, temporaryFolder, writeFiles } from "./project.ts";

export interface Registry extends AsyncDisposable {
  readonly url: string;
  /** Subresource Integrity of what it gives, by `name@version`. */
  readonly integrity: Readonly<Record<string, string>>;
  /** Of every request; empty without. */
  readonly authorizations: readonly string[];
  /** No request is answered any more. */
  close(): Promise<void>;
}

/** `packages`: the files of each, with a package.json. `pack`: their archive, if it is not as npm makes it. */
export async function registry(
  packages: readonly Files[],
  pack: (files: Files) => Uint8Array = plainArchive,
): Promise<Registry> {
  const archives = packages.map((files) => archive(files, pack(files)));
  const authorizations: string[] = [];
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization ?? "");
    const path = decodeURIComponent(request.url ?? "");
    const own = archives.filter(({ name }) => path === `/${name}`);
    const tarball = archives.find((one) => path === `/files/${one.id}`);
    if (tarball !== undefined) response.end(tarball.bytes);
    else if (own.length === 0) response.writeHead(404).end("{}");
    else {
      const versions = own.map(({ id, manifest, integrity }) => {
        const dist = { integrity, tarball: `${url}files/${encodeURIComponent(id)}` };
        return [manifest.version, { ...manifest, dist }] as const;
      });
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({
          name: own[0]?.name,
          "dist-tags": { latest: versions.at(-1)?.[0] },
          versions: Object.fromEntries(versions),
        }),
      );
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return {
    url,
    integrity: Object.fromEntries(archives.map(({ id, integrity }) => [id, integrity])),
    authorizations,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function archive(files: Files, bytes: Uint8Array) {
  const text = Buffer.from(files["package.json"] ?? "").toString();
  const manifest = JSON.parse(text) as { readonly name: string; readonly version: string };
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  return { name: manifest.name, id: `${manifest.name}@${manifest.version}`, manifest, bytes, integrity };
}

function plainArchive(files: Files): Uint8Array {
  const folder = temporaryFolder();
  try {
    writeFiles(join(folder, "package"), files);
    return execFileSync("tar", ["-czf", "-", "-C", folder, "package"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
