import { RELEASE } from "@attacklens/protocol/version.ts";

export const VERSION_LINE = `attacklens-sensor ${RELEASE}`;
