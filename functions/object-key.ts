import { createHash } from "node:crypto";

/** S3 takes keys of 1,024 bytes; a table's key may have 2,048, and each byte may need three. */
const LONGEST = 900;

/**
 * The key of an item's object, for example `Amazon_(company).json`. Different names have different keys, and
 * a name has the same key for ever.
 *
 * A space is `_`; every other byte that S3 calls unsafe in a key, and `_` and `!` themselves, is `!` and two hex
 * digits. (`%` would be read differently by each tool that the key passes through.) A name too long for S3 is
 * cut and ends in `!!` and its SHA-256: `!!` occurs in no other key.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
 *
 * `name` is well-formed Unicode.
 */
export function objectKey(name: string): string {
  const encoded = Array.from(Buffer.from(name), encodeByte).join("");
  if (encoded.length <= LONGEST) return `${encoded}.json`;
  return `${encoded.slice(0, LONGEST)}!!${createHash("sha256").update(name).digest("hex")}.json`;
}

function encodeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  if (character === " ") return "_";
  if (/[A-Za-z0-9.()-]/.test(character)) return character;
  return `!${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
