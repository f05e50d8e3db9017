/** The command of a collector process, which only this program starts. Its argument is the root folder. */
export const COLLECTOR_COMMAND = "collector-process";
