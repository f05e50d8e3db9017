// attacklens-sensor version: shows the release and the build.
import { COMMIT, RELEASE, SENSOR_PROTOCOL_VERSION, TARGET } from "@attacklens/protocol/version.ts";
import { STATE_VERSION } from "../state/state-version.ts";
import { parseFlags } from "./flags.ts";
import { print } from "./terminal.ts";
import { VERSION_LINE } from "./version-line.ts";

export function versionCommand(args: string[]): void {
  const { json } = parseFlags(args, { json: { type: "boolean" } });
  if (!json) {
    print(VERSION_LINE);
    return;
  }
  const build = {
    program: "attacklens-sensor",
    version: RELEASE,
    commit: COMMIT,
    bun: Bun.version,
    target: TARGET,
    platform: `${process.platform}-${process.arch}`,
    protocolVersions: [SENSOR_PROTOCOL_VERSION],
    stateVersion: STATE_VERSION,
    /** An update to this build requires that it can write that of the build before. */
    writesStateVersions: [STATE_VERSION],
  };
  print(JSON.stringify(build, null, 2));
}
