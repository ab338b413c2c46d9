/** Errors of the disk that are no bugs of ours: rights, room, a folder where a file should be. */
import { UserError } from "./problem.ts";

interface NodeError {
  readonly code?: string;
  readonly path?: string;
}

const MESSAGES: Readonly<Record<string, string>> = {
  EACCES: "may not be read or written",
  EPERM: "may not be read or written",
  EROFS: "lies on a disk that cannot be written",
  EISDIR: "is a folder, not a file",
  ENOTDIR: "is below something that is no folder",
  ENOSPC: "cannot be written: the disk is full",
};

/** Undefined for an error that is not one of these: a bug, or already a UserError. */
export function explainDiskError(error: unknown): UserError | undefined {
  if (error instanceof UserError || typeof error !== "object" || error === null) return undefined;
  const { code = "", path }: NodeError = error;
  if (path === undefined || !Object.hasOwn(MESSAGES, code)) return undefined;
  return new UserError("file-trouble", { message: `${path} ${MESSAGES[code]}` }, { cause: error });
}
