/** Keeps contents out of memory until they are asked for, which most never are: what is in the bucket is not sent again. */
import { createHash } from "node:crypto";
import { mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Spool {
  /** `sha256` in lower-case hex. Equal content is kept once. */
  put(content: Uint8Array): { readonly sha256: string; readonly read: () => Uint8Array };
}

interface Span {
  readonly offset: number;
  readonly length: number;
}

/** The file has no name any more when this returns, so that nothing is left of it whatever happens to this process. */
export function createSpool(): Spool {
  const folder = mkdtempSync(join(tmpdir(), "warren-spool-"));
  let file: number;
  try {
    file = openSync(join(folder, "contents"), "wx+", 0o600);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const spans = new Map<string, Span>();
  let end = 0;

  function write(content: Uint8Array): Span {
    const span = { offset: end, length: content.byteLength };
    for (let done = 0; done < content.byteLength;) {
      done += writeSync(file, content, done, content.byteLength - done, span.offset + done);
    }
    end += span.length;
    return span;
  }

  function read({ offset, length }: Span): Uint8Array {
    const content = Buffer.allocUnsafe(length);
    for (let done = 0; done < length;) {
      const count = readSync(file, content, done, length - done, offset + done);
      if (count === 0) throw new Error("the file of built contents was cut off");
      done += count;
    }
    return content;
  }

  return {
    put(content) {
      const sha256 = createHash("sha256").update(content).digest("hex");
      const span = spans.get(sha256) ?? write(content);
      spans.set(sha256, span);
      return { sha256, read: () => read(span) };
    },
  };
}
