import { errnoCode } from "@attacklens/protocol/errno-code.ts";

/** Why the operating system did not do something, in words. */
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
