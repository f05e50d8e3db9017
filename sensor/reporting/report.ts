// Sends one report: a check-in with the hashes of the inventory, then the chunks that the server does not
// have.

import { createHash } from "node:crypto";
import { type CategoryReport, checkIn } from "@attacklens/protocol/check-in.ts";
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { type Remarks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import type { ReasonedStatus } from "@attacklens/protocol/inventory/results.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { UpdateReport } from "@attacklens/protocol/updates.ts";
import type { Inventory } from "../inventory/cut-category.ts";
import { keyToAnnounce, pauseAnnouncements, settleAgreement } from "../transport/agreement.ts";
import { type Connection, send, VERSIONS } from "../transport/request.ts";
import { Refused } from "../transport/server-reply.ts";
import { parseUpdateOffer, type UpdateOffer } from "./update-offer.ts";
import { type Manifests, uploadCategories } from "./upload.ts";

/** Maximum bytes of lists in a check-in, which leaves space for the rest of a body of 64 KiB. */
const MAX_LIST_BYTES = 32 * 1024;

/** The result of collecting one category, with the hashes of its chunks in bucket order. */
export type Reported =
  | (Extract<CategoryReport, { status: "collected" }> & Remarks & { chunks: string[] })
  | Exclude<CategoryReport, { status: "collected" }>;

/** A category that the server does not get. */
export interface FailedCategory {
  category: Category;
  status: Exclude<ReasonedStatus, "absent">;
  reason: string;
}

/** A report of this host, current or spooled. */
export interface Report {
  collectedAt: string;
  inventory: Partial<Record<Category, Reported>>;
  /** The canonical JSON of a chunk. Throws ContentGone. */
  contentOf(hash: string): string;
}

export interface ReportOptions {
  /** Sent until a check-in of this instance receives a reply. */
  host?: HostFacts | undefined;
  /** Pins of the roots that are trusted instead of the system's. */
  trustedPins?: string[] | undefined;
  /** How this host is updated; undefined: unchanged since an earlier check-in of this instance. */
  update?: UpdateReport | undefined;
  /** The report was spooled, so it is sent with its collection time. */
  isLate?: boolean;
  /** Returns true for a root that the server may lack. Its list of chunks is sent with the check-in. */
  isNew?: (root: string) => boolean;
  signal?: AbortSignal;
}

export interface ReportResult {
  checkInIntervalSeconds: number;
  /** The server did not store the report: another instance may own the key. */
  undecided: boolean;
  /** The server requests a key rotation. */
  rotateKey: boolean;
  /** Verifies the server's signed refusals. */
  serverKey: string | undefined;
  /** New trusted roots, PEM; undefined: no change. */
  trustedCertificates: string[] | undefined;
  /** The release that the server offers; undefined: none. */
  offer: UpdateOffer | undefined;
  uploaded: Category[];
  failed: FailedCategory[];
  /** By the owner of the host. */
  switchedOff: Category[];
}

/** The report of an inventory. A category that is not collected yet is not part of it. */
export function makeReport(collected: Inventory, collectedAtMs: number): Report {
  const contents = new Map<string, string>();
  const inventory: Report["inventory"] = {};
  for (const category of CATEGORIES) {
    const result = collected[category];
    if (result === undefined) continue;
    if (result.status !== "collected") {
      const { seen: _, ...said } = result as typeof result & { seen?: unknown };
      inventory[category] = said as Reported;
      continue;
    }
    const { chunks: cut, seen: _, ...others } = result;
    for (const { hash, content } of cut) if (content !== "") contents.set(hash, content);
    const chunks = cut.map(({ hash }) => hash);
    inventory[category] = { ...others, root: rootHash(chunks, sha256, others), chunks };
  }
  return {
    collectedAt: new Date(collectedAtMs).toISOString(),
    inventory,
    contentOf(hash) {
      const content = contents.get(hash);
      if (content === undefined) throw new ContentGone();
      return content;
    },
  };
}

/** The report, or the server, needs the contents of a category that were let go. */
export class ContentGone extends Error {}

/**
 * Throws Unreachable, Refused, UploadLimit or ContentGone. A later attempt does not repeat completed uploads.
 */
export async function sendReport(
  connection: Connection,
  report: Report,
  { host, trustedPins, update, isLate = false, isNew = () => false, signal }: ReportOptions = {},
): Promise<ReportResult> {
  const inventory = categoryReports(report, isNew);
  const failed: ReportResult["failed"] = [];
  const switchedOff: Category[] = [];
  for (const category of CATEGORIES) {
    const said = report.inventory[category];
    if (!said) continue;
    if (said.status === "switched-off") switchedOff.push(category);
    if ("reason" in said && said.status !== "absent") {
      const { status, reason } = said;
      failed.push({ category, status, reason });
    }
  }
  const collectedAt = isLate ? report.collectedAt : undefined;
  const body = { ...VERSIONS, host, trustedPins, update, collectedAt, inventory };
  let offer: UpdateOffer | undefined;
  const onHeaders = (headers: Headers) => {
    offer = parseUpdateOffer(headers);
  };
  const reply = await announcing(connection, (agreementKey) =>
    send(connection, checkIn, { body: { ...body, agreementKey }, signal, onHeaders }),
  );
  const wanted: Manifests = {};
  for (const category of reply.wanted) {
    const said = report.inventory[category];
    if (said?.status !== "collected") continue;
    const { status: _, ...manifest } = said;
    wanted[category] = manifest;
  }
  const { missing = {} } = reply;
  const upload = { missing, collectedAt, contentOf: (hash: string) => report.contentOf(hash), signal };
  const reasons = await uploadCategories(connection, wanted, upload);
  const uploaded: Category[] = [];
  const refused: typeof inventory = {};
  for (const category of Object.keys(wanted) as Category[]) {
    const reason = reasons[category];
    if (reason === undefined) uploaded.push(category);
    else {
      refused[category] = { status: "failed", reason };
      failed.push({ category, status: "failed", reason });
    }
  }
  if (Object.keys(refused).length > 0) {
    await send(connection, checkIn, { body: { ...body, inventory: refused }, signal });
  }
  const {
    checkInIntervalSeconds,
    undecided = false,
    rotateKey = false,
    serverKey,
    trustedCertificates,
  } = reply;
  const told = { checkInIntervalSeconds, undecided, rotateKey, serverKey, trustedCertificates, offer };
  return { ...told, uploaded, failed, switchedOff };
}

/** What a check-in says about the inventory. `isNew`: see `ReportOptions`. */
export function categoryReports(
  { inventory }: Pick<Report, "inventory">,
  isNew: (root: string) => boolean = () => false,
): Partial<Record<Category, CategoryReport>> {
  const reports: Partial<Record<Category, CategoryReport>> = {};
  let listBytes = 0;
  for (const category of CATEGORIES) {
    const said = inventory[category];
    if (said?.status === "collected") {
      const { status, root, durationMs } = said;
      reports[category] = { status, root, durationMs };
      if (!isNew(root)) continue;
      listBytes += Buffer.byteLength(JSON.stringify(said));
      if (listBytes <= MAX_LIST_BYTES) reports[category] = said;
    } else if (said) reports[category] = said;
  }
  return reports;
}

/** Sends a check-in that announces a key, if one is due. Repeats it without the key for an earlier server. */
async function announcing(
  connection: Connection,
  sendWith: (agreementKey: string | undefined) => Promise<RouteOutput<typeof checkIn>>,
): Promise<RouteOutput<typeof checkIn>> {
  const agreementKey = keyToAnnounce(connection);
  try {
    const reply = await sendWith(agreementKey);
    settleAgreement(connection, reply.agreement);
    return reply;
  } catch (error) {
    const isAboutKey = error instanceof Refused && error.problem.fields?.agreementKey !== undefined;
    if (agreementKey === undefined || !isAboutKey || error.isAuthentic === false) throw error;
    pauseAnnouncements(connection);
    return await sendWith(undefined);
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
