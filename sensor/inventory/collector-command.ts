/** The command of a collector process, which only this program starts. Its argument is the root folder. */
export const COLLECTOR_COMMAND = "collector-process";

/** The reply for a category that is as it was when its files were seen. */
export const UNCHANGED = { status: "unchanged" } as const;
