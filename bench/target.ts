// A server to load: the built one, with a token and enrolled hosts.
import type { ServerAgreement } from "@attacklens/protocol/agreement-key.ts";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enroll } from "@attacklens/protocol/enroll.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { RELEASE, SENSOR_PROTOCOL_VERSION } from "@attacklens/protocol/version.ts";
import { call, type Session } from "../harness/api-client.ts";
import { createSuperAdmin } from "../harness/first-day.ts";
import { FROM_SOURCE, startServer } from "../harness/programs.ts";
import { makeSigner, type SignedRequest } from "../harness/signer.ts";
import { inParallel } from "./in-parallel.ts";
import { madeOs } from "./made-inventory.ts";

export const VERSIONS = { protocolVersion: SENSOR_PROTOCOL_VERSION, sensorVersion: RELEASE };
const AT_ONCE = 100;

export interface EnrolledHost {
  id: string;
  signer: ReturnType<typeof makeSigner>;
}

export interface Target extends AsyncDisposable {
  url: string;
  pid: number;
  /** Of the first Super Admin. */
  session: Session;
  /** The value of a token for all assets. */
  token: string;
}

export interface TargetOptions {
  /** An empty folder for its data. */
  dataDir: string;
  /** An empty PostgreSQL database. Absent: SQLite. */
  databaseUrl?: string;
  /** The folder for a profile of its CPU time, which it writes when it stops. Absent: none. */
  profile: string | undefined;
  /** Further variables of its environment. */
  environment?: Record<string, string>;
}

/** Starts it. With a profile, it runs from its sources: the built one takes no options of the runtime. */
export async function openTarget(options: TargetOptions): Promise<Target> {
  const { dataDir, databaseUrl, profile } = options;
  const program = profile === undefined ? undefined : profiledServer(profile);
  const environment = { ATTACKLENS_LOG_LEVEL: "warn", ...options.environment };
  const server = await startServer({ program, dataDir, logFile: `${dataDir}.log`, databaseUrl, environment });
  const { session } = await createSuperAdmin(server, dataDir);
  const body = { name: "Bench", scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value: token } = await call(server.url, createEnrollmentToken, { body }, session);
  const { url, pid } = server;
  return { url, pid, session, token, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function profiledServer(folder: string): string[] {
  const [runtime, ...rest] = FROM_SOURCE.server;
  return [runtime!, "--cpu-prof", `--cpu-prof-dir=${folder}`, ...rest];
}

export async function enrollHosts({ url, token }: Target, count: number): Promise<EnrolledHost[]> {
  return await inParallel(AT_ONCE, count, async (number) => {
    const signer = makeSigner();
    const { path, init } = enrollment(token, number, signer);
    const response = await fetch(url + path, init);
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return { id: ((await response.json()) as { sensorId: string }).sensorId, signer };
  });
}

/** Each number makes a host that no other number resembles. */
export function enrollment(token: string, number: number, signer = makeSigner()): SignedRequest {
  const host = {
    ...{ hostname: `bench-${number}`, platform: "linux", architecture: "amd64" },
    ...{ ...madeOs(), machineId: number.toString(16).padStart(32, "0") },
    addresses: [`10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`],
  };
  const body = { publicKey: signer.publicKey, ...VERSIONS, host };
  return signer.sign(enroll.path, body, signer.publicKey, token);
}

/** Announces the keys of the hosts, and derives those of their MACs from the replies. */
export async function agreeOnMacs({ url }: Target, hosts: readonly EnrolledHost[]): Promise<void> {
  await inParallel(AT_ONCE, hosts.length, async (number) => {
    const { id, signer } = hosts[number]!;
    const report = { ...VERSIONS, inventory: {}, agreementKey: signer.agreementKey };
    const { path, init } = signer.sign(checkIn.path, report, id);
    const response = await fetch(url + path, init);
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    signer.agree(id, ((await response.json()) as { agreement: ServerAgreement }).agreement);
  });
}
