// The second sensor's check-in and the following requests: uploads, spooled reports, the next key, and the
// key of a clone.
import {
  type Category,
  type CategoryName,
  chunkMembers,
  chunkUploads,
  cleanText,
  cutIntoChunks,
  type Item,
  type Json,
  type Remarks,
} from "./inventory-chunks.ts";
import { announcement, takeAgreement } from "./macs.ts";
import {
  askAsSensor,
  becomeEnrolled,
  change,
  expectStatus,
  type Outcome,
  pauseAfter,
  proven,
  REFUSED_FOR_CONTENT,
  type SecondSensor,
  VERSION,
} from "./second-sensor.ts";
import { forgetReport, keepReport, listKept, newSeed, type Report, type Reported } from "./sensor-folder.ts";
import type { Result } from "./signed-exchange.ts";
import type { ServerAgreement } from "./signed-requests.ts";

/** Of a body with chunks, and of the chunks that it may have. */
const [MAX_UPLOAD_BYTES, MAX_CHUNKS_TOGETHER] = [4 * 1024 * 1024, 256];
const MAX_CHECK_IN_BYTES = 64 * 1024;
/** More attempts than there are categories to refuse. */
const MAX_REPETITIONS = 10;

/** The chunks to upload, by category. */
type Missing = Partial<Record<CategoryName, string[]>>;

/** Items that may be incomplete, or the result of a collection without items. */
type Collection = ({ items: readonly Item[] } & Remarks) | Exclude<Reported, { status: "collected" }>;

export type Collected = Partial<Record<CategoryName, readonly Item[] | Collection | "unsupported" | Error>>;

/**
 * Sends one check-in and the following requests, spooled reports first. Returns the pause before the next
 * check-in.
 */
export async function report(sensor: SecondSensor, collected: Collected): Promise<Outcome> {
  const present = prepareReport(sensor, collected);
  const outcome = await sendAll(sensor, present);
  const roots = JSON.stringify(present.inventory);
  if (outcome.kind !== "taken" && roots !== sensor.previous) {
    keepReport(sensor.folder, sensor.connection.instance, present);
  }
  sensor.previous = roots;
  return outcome;
}

async function sendAll(sensor: SecondSensor, present: Report, repetitions = 0): Promise<Outcome> {
  if (repetitions > MAX_REPETITIONS) {
    throw new Error("Cannot report: the server asks for it from the beginning again and again");
  }
  for (const kept of listKept(sensor.folder)) {
    const outcome = await sendReport(sensor, kept.report, true);
    if (outcome === "again") {
      return sendAll(sensor, present, repetitions + 1);
    }
    if (outcome.kind !== "taken" && !isRefusedForContent(outcome)) {
      return outcome;
    }
    forgetReport(sensor.folder, kept.file);
  }
  const outcome = await sendReport(sensor, present, false);
  if (outcome === "again") {
    return sendAll(sensor, present, repetitions + 1);
  }
  if (isRefusedForContent(outcome)) {
    throw new Error(`Cannot report: the server refused ${JSON.stringify(outcome)}`);
  }
  return outcome;
}

const isRefusedForContent = (outcome: Outcome) =>
  outcome.kind === "refused" && REFUSED_FOR_CONTENT.includes(outcome.problem.code);

function prepareReport({ connection }: SecondSensor, collected: Collected): Report {
  const entries = Object.entries(collected) as [CategoryName, NonNullable<Collected[CategoryName]>][];
  const reported = entries.map(([name, what]): [CategoryName, Reported] => {
    if (what === "unsupported") {
      return [name, { status: "unsupported" }];
    }
    try {
      if (what instanceof Error) {
        throw what;
      }
      if ("status" in what) {
        return [name, what];
      }
      const { items, ...remarks } = "items" in what ? what : { items: what };
      return [name, { status: "collected", ...cutIntoChunks(name, items, remarks) }];
    } catch (cause) {
      return [name, { status: "failed", reason: cleanText(String(cause)).slice(0, 500) }];
    }
  });
  return {
    collectedAt: new Date(connection.now() + connection.clockOffsetMs).toISOString(),
    inventory: Object.fromEntries(reported),
  };
}

/** `again`: the response requires that the upload starts from the beginning. */
async function sendReport(sensor: SecondSensor, sent: Report, isKept: boolean): Promise<Outcome | "again"> {
  const when = isKept ? { collectedAt: sent.collectedAt } : {};
  const host = sensor.hostIsDue ? { host: sensor.host } : {};
  const others = { ...VERSION, ...host, ...when, ...announcement(sensor) };
  const bodyWith = (known: string) => {
    const entries = Object.entries(sent.inventory).map(([name, what]) => [name, inCheckIn(what, known)]);
    return JSON.stringify({ ...others, inventory: Object.fromEntries(entries) });
  };
  const withNames = bodyWith(sensor.previous ?? "");
  const fits = Buffer.byteLength(withNames) <= MAX_CHECK_IN_BYTES;
  const result = await askAsSensor(sensor, {
    method: "POST",
    path: "/sensor/v1/check-in",
    body: fits ? withNames : bodyWith(JSON.stringify(sent.inventory)),
  });
  if (result.kind === "refusal" && result.problem.code === "sensor-cloned") {
    return becomeOwn(sensor);
  }
  if (result.kind !== "answer") {
    return pauseAfter(sensor, result);
  }
  const {
    wanted,
    missing = {},
    undecided,
    rotateKey,
    checkInIntervalSeconds,
    serverKey,
    agreement,
  } = expectStatus(result, 200);
  takeAgreement(sensor, agreement as unknown as ServerAgreement | undefined);
  if (typeof serverKey === "string" && serverKey !== sensor.identity.serverKey) {
    change(sensor, { ...sensor.identity, serverKey });
  }
  const pauseMs = Number(checkInIntervalSeconds) * 1000 * (0.9 + Math.random() * 0.2);
  sensor.failures = 0;
  if (undecided === true) {
    return { kind: "undecided", pauseMs };
  }
  sensor.hostIsDue = false;
  for (const name of await putTogether(sensor, wanted as CategoryName[], missing as Missing, sent, isKept)) {
    const outcome = await putCategory(sensor, name, sent, isKept);
    if (outcome !== undefined) {
      return outcome;
    }
  }
  if (rotateKey === true) {
    await announceKey(sensor);
  }
  return { kind: "taken", pauseMs };
}

/** With the chunk names of content whose root is not in `known`: the last report of this instance. */
function inCheckIn(reported: Reported, known: string): Json {
  if (reported.status !== "collected") {
    return { ...reported };
  }
  const { status, root } = reported;
  return known.includes(root) ? { status, root } : { status, ...namesOf(reported) };
}

/** Returns the categories that must be sent alone: those that are not stored with two requests for all. */
async function putTogether(
  sensor: SecondSensor,
  wanted: CategoryName[],
  named: Missing,
  sent: Report,
  isKept: boolean,
): Promise<CategoryName[]> {
  let rest = wanted;
  const membersOf = (missing: Missing) =>
    rest.flatMap((name) => chunkMembers(categoryOf(sent, name), missing[name] ?? []));
  const areNamed = wanted.every((name) => named[name] !== undefined);
  const first = areNamed ? membersOf(named) : [];
  if (first.length > MAX_CHUNKS_TOGETHER) {
    return rest;
  }
  let chunks = areNamed ? `,"chunks":{${first.join(",")}}` : "";
  for (let requests = areNamed ? 1 : 0; requests < 2 && rest.length > (areNamed ? 0 : 1); requests++) {
    const lists = rest.map((name) => `"${name}":${JSON.stringify(listOf(sent, name))}`);
    const when = isKept ? `"collectedAt":${JSON.stringify(sent.collectedAt)},` : "";
    const body = `{${when}"categories":{${lists.join(",")}}${chunks}}`;
    if (Buffer.byteLength(body) > MAX_UPLOAD_BYTES) {
      return rest;
    }
    const put = await askAsSensor(sensor, { method: "PUT", path: "/sensor/v1/inventory", body });
    if (put.kind !== "answer") {
      // The request for one category shows whether this is about a category.
      return rest;
    }
    const missing = expectStatus(put, 200).missing as Missing;
    rest = rest.filter((name) => missing[name] !== undefined);
    const members = membersOf(missing);
    if (members.length > MAX_CHUNKS_TOGETHER) {
      return rest;
    }
    chunks = `,"chunks":{${members.join(",")}}`;
  }
  return rest;
}

function categoryOf(sent: Report, name: CategoryName) {
  const category = sent.inventory[name];
  if (category?.status !== "collected") {
    throw new Error(`Cannot report ${name}: the server wants it, though it was not collected`);
  }
  return category;
}

function listOf(sent: Report, name: CategoryName) {
  return namesOf(categoryOf(sent, name));
}

function namesOf({ root, chunks, gaps, totalItems }: Category) {
  return { root, chunks: Object.keys(chunks), gaps, totalItems };
}

/** Undefined: stored. */
async function putCategory(
  sensor: SecondSensor,
  name: CategoryName,
  sent: Report,
  isKept: boolean,
): Promise<Outcome | "again" | undefined> {
  const category = categoryOf(sent, name);
  const when = isKept ? { collectedAt: sent.collectedAt } : {};
  const manifest = JSON.stringify({ ...listOf(sent, name), ...when });
  for (let rounds = 0; rounds < 3; rounds++) {
    const asked = await askAsSensor(sensor, {
      method: "PUT",
      path: `/sensor/v1/inventory/${name}`,
      body: manifest,
    });
    if (asked.kind !== "answer") {
      return refusedCategory(sensor, name, sent, isKept, asked);
    }
    const missing = expectStatus(asked, 200).missing as string[];
    if (missing.length === 0) {
      return undefined;
    }
    for (const body of chunkUploads(category, missing)) {
      const upload = await askAsSensor(sensor, {
        method: "PUT",
        path: `/sensor/v1/inventory/${name}/chunks`,
        body,
      });
      if (upload.kind !== "answer") {
        return refusedCategory(sensor, name, sent, isKept, upload);
      }
      expectStatus(upload, 204);
    }
  }
  throw new Error(`Cannot report ${name}: the server misses chunks that it was given`);
}

/** The current report continues with the category as failed. The sender drops a spooled one. */
function refusedCategory(
  sensor: SecondSensor,
  name: CategoryName,
  sent: Report,
  isKept: boolean,
  result: Result,
): Outcome | "again" {
  const code = result.kind === "refusal" ? result.problem.code : undefined;
  if (code === "state-conflict" || code === "sensor-cloned") {
    return "again";
  }
  if (
    result.kind === "refusal" &&
    ["body-too-large", "input-invalid"].includes(result.problem.code) &&
    !isKept
  ) {
    sent.inventory[name] = {
      status: "failed",
      reason: JSON.stringify(result.problem.fields ?? result.problem.code).slice(0, 500),
    };
    return "again";
  }
  return pauseAfter(sensor, result);
}

/** The next request is signed with it. If this fails, the current key stays valid. */
async function announceKey(sensor: SecondSensor): Promise<void> {
  const nextSeed = sensor.identity.nextSeed ?? newSeed();
  change(sensor, { ...sensor.identity, nextSeed });
  const result = await askAsSensor(sensor, {
    method: "POST",
    path: "/sensor/v1/keys",
    body: JSON.stringify(proven(sensor, nextSeed)),
  });
  if (result.kind === "refusal" && result.problem.code === "key-taken") {
    change(sensor, { ...sensor.identity, nextSeed: undefined });
  } else {
    sensor.nextIsAnnounced = true;
  }
}

async function becomeOwn(sensor: SecondSensor): Promise<Outcome | "again"> {
  const ownSeed = sensor.identity.ownSeed ?? newSeed();
  change(sensor, { ...sensor.identity, ownSeed });
  const body = JSON.stringify({ ...proven(sensor, ownSeed), ...VERSION, host: sensor.host });
  const result = await askAsSensor(sensor, { method: "POST", path: "/sensor/v1/clones", body });
  if (result.kind !== "answer") {
    return pauseAfter(sensor, result);
  }
  becomeEnrolled(sensor, ownSeed, expectStatus(result, 201));
  for (const kept of listKept(sensor.folder).filter(
    ({ instance }) => instance !== sensor.connection.instance,
  )) {
    forgetReport(sensor.folder, kept.file);
  }
  return "again";
}
