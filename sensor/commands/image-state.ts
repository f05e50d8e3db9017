// The state of a host with a sealed token, for `status`: the template of an image, or a clone that has not
// enrolled yet.
import type { ExitName } from "@attacklens/protocol/sensor-exits.ts";
import { isClone } from "../enrollment/first-boot.ts";
import { getHostFacts } from "../inventory/host-facts.ts";
import { readFirstBoot } from "../state/first-boot-file.ts";
import { readSealedToken } from "../state/sealed-token.ts";

export interface ImageState {
  state: "image-template" | "first-boot";
  server: string;
  sealedAt: string;
  /** The rest is that of the last attempt to enroll. */
  exit?: ExitName;
  problem?: string;
  hint?: string | undefined;
}

/** Undefined: this host has no sealed token. Throws SensorError if its file cannot be used. */
export async function readImageState(stateDir: string): Promise<ImageState | undefined> {
  const sealed = readSealedToken(stateDir);
  if (!sealed) return undefined;
  const { server, sealedAt } = sealed;
  if (!isClone(sealed, await getHostFacts())) return { state: "image-template", server, sealedAt };
  const { exit, problem, hint } = readFirstBoot(stateDir) ?? {};
  const attempt = exit === undefined || problem === undefined ? {} : { exit, problem, hint };
  return { state: "first-boot", server, sealedAt, ...attempt };
}
