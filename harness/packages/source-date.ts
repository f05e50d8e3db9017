// The time that packages give for their files and their build, so that the same sources give the same bytes.
import { RELEASE } from "@attacklens/protocol/version.ts";
import { runCommand } from "../command.ts";
import { ROOT, TaskError } from "../terminal.ts";

/** Returns seconds since 1970: SOURCE_DATE_EPOCH, the time of the commit, or the month of the release. */
export async function sourceDate(): Promise<number> {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) {
    if (/^\d{1,10}$/.test(given)) return Number(given);
    throw new TaskError("Cannot use SOURCE_DATE_EPOCH: it must be seconds since 1970, e.g. 1795000000");
  }
  const { code, stdout } = await runCommand(["git", "-C", ROOT, "log", "-1", "--format=%ct"]);
  if (code === 0) return Number(stdout.trim());
  const [year, month] = RELEASE.split(".").map(Number);
  return Date.UTC(year!, month! - 1) / 1000;
}
