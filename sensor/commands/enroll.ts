// attacklens-sensor enroll: enrolls this host with a token or a re-enrollment ticket.
import { defaultStateDir, takeEnvironmentToken } from "../settings.ts";
import { checkStateDir } from "../state/state-folder.ts";
import { ENROLL_FLAGS, enrollHost, readEnrollFlags } from "./enroll-host.ts";
import { parseFlags } from "./flags.ts";
import { ROOT_FLAG, readRoot } from "./root-flag.ts";
import { print } from "./terminal.ts";

export async function enrollCommand(args: string[]): Promise<void> {
  const environment = takeEnvironmentToken();
  const flags = parseFlags(args, { ...ENROLL_FLAGS, ...ROOT_FLAG, state: { type: "string" } });
  const root = readRoot(flags.root);
  const request = readEnrollFlags(flags, environment);
  const stateDir = checkStateDir(flags.state ?? defaultStateDir());
  const { isNew } = await enrollHost({ ...request, stateDir, root }, print);
  if (isNew) print(`next: attacklens-sensor run${root === "/" ? "" : ` --root ${root}`}`);
}
