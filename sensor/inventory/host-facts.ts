// The facts about the host for enrollment, collected in another process.
import * as os from "node:os";
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { SensorError } from "../sensor-error.ts";
import { ownProgram } from "../settings.ts";
import { askInProcess } from "./collect-in-processes.ts";

interface FactsOptions {
  /** The folder with the host's files; absent: "/". */
  root?: string;
  signal?: AbortSignal;
}

/**
 * If the host cannot be read, only what this process knows: a sensor enrolls and checks in with less. Throws
 * the reason of the signal.
 */
export async function findHostFacts(options: FactsOptions = {}): Promise<HostFacts> {
  return (await ask(options)) ?? ownFacts();
}

/** For what tells a clone from a template. Throws SensorError if the host cannot be read. */
export async function getHostFacts(options: FactsOptions = {}): Promise<HostFacts> {
  const facts = await ask(options);
  if (facts) return facts;
  throw new SensorError(
    "failed",
    "Cannot read the facts about this host: the collector ended without them",
    "run attacklens-sensor collect --category system",
  );
}

async function ask({ root = "/", signal }: FactsOptions): Promise<HostFacts | undefined> {
  return (await askInProcess("host-facts", { program: ownProgram(), root, signal })) as HostFacts | undefined;
}

function ownFacts(): HostFacts {
  return {
    hostname: os.hostname() || "localhost",
    platform: process.platform === "win32" ? "windows" : process.platform === "darwin" ? "darwin" : "linux",
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    osName: os.type(),
    osVersion: "",
    macs: [],
    addresses: [],
  };
}
