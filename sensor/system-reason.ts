import { errnoCode } from "@attacklens/protocol/errno-code.ts";

/** The reason of a system error, as text. */
export function systemReason(error: unknown): string {
  const known: Record<string, string> = {
    ENOSPC: "no space left on the device",
    EDQUOT: "the disk quota is used up",
    EACCES: "permission denied",
    EPERM: "permission denied",
    EROFS: "the file system is read-only",
    ENOTDIR: "part of the path is not a folder",
  };
  return known[errnoCode(error) ?? ""] ?? (error as Error).message;
}
