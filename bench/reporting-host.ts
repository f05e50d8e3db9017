// A host without a sensor that enrolls and reports inventories as the sensor does.
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Chunk } from "@attacklens/protocol/inventory/chunks.ts";
import { MAX_UPLOAD_BYTES } from "@attacklens/protocol/inventory/limits.ts";
import { putInventory } from "@attacklens/protocol/inventory/upload.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import { makeSigner } from "../harness/signer.ts";
import type { MadeCategory, MadeInventory } from "./made-inventory.ts";
import { enrollment, VERSIONS } from "./target.ts";

type CheckInReply = RouteOutput<typeof checkIn>;

export type ReportingHost = Awaited<ReturnType<typeof enrollHost>>;

export async function enrollHost(url: string, token: string, index: number) {
  const signer = makeSigner();
  const { path, init } = enrollment(token, index, signer);
  let isAgreed = false;
  const { sensorId } = await send<{ sensorId: string }>(url + path, init);

  /** With a MAC, as soon as the keys are agreed. */
  async function request<Reply>(method: string, path: string, body: object): Promise<Reply> {
    const text = JSON.stringify(body);
    const { init } = isAgreed
      ? signer.signTextWithMac(method, path, text)
      : signer.signText(method, path, text, sensorId);
    return await send<Reply>(url + path, init);
  }

  async function upload(
    { wanted, missing = {} }: Pick<CheckInReply, "wanted" | "missing">,
    inventory: MadeInventory,
  ): Promise<void> {
    const categories = Object.fromEntries(wanted.map((category) => [category, listOf(inventory[category]!)]));
    const names = new Set(Object.values(missing).flat());
    const lacking = wanted
      .flatMap((category) => inventory[category]!.chunks)
      .filter(({ hash }) => names.has(hash));
    if (lacking.length === 0) return;
    for (const some of inUploads(lacking)) {
      const chunks = Object.fromEntries(some.map(({ hash, content }) => [hash, JSON.parse(content)]));
      await request("PUT", putInventory.path, { categories, chunks });
    }
  }

  return {
    id: sensorId,
    /** The lists of chunks, then the missing chunks. */
    async report(inventory: MadeInventory): Promise<void> {
      const states = Object.fromEntries(
        CATEGORIES.map((category) => [category, stateOf(inventory, category)]),
      );
      const announced = isAgreed ? {} : { agreementKey: signer.agreementKey };
      const body = { ...VERSIONS, inventory: states, ...announced };
      const reply = await request<CheckInReply>("POST", checkIn.path, body);
      if (!isAgreed) signer.agree(sensorId, reply.agreement!);
      isAgreed = true;
      if (reply.wanted.length > 0) await upload(reply, inventory);
    },
  };
}

/** Splits the chunks into those of one request each. The lists of chunks need the rest of its size. */
function inUploads(chunks: readonly Chunk[]): Chunk[][] {
  const uploads: Chunk[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const chunk of chunks) {
    bytes += Buffer.byteLength(chunk.content);
    if (bytes > MAX_UPLOAD_BYTES / 2) {
      uploads.push([]);
      bytes = Buffer.byteLength(chunk.content);
    }
    uploads.at(-1)!.push(chunk);
  }
  return uploads;
}

/** A changed category is reported alone. */
function stateOf(inventory: MadeInventory, category: Category) {
  const made = inventory[category];
  if (made) return { status: "collected", ...listOf(made) };
  return Object.keys(inventory).length === 1 ? undefined : { status: "unsupported" };
}

function listOf({ root, chunks }: MadeCategory) {
  return { root, chunks: chunks.map(({ hash }) => hash) };
}

/** Throws if the reply is a problem. */
export async function send<Reply>(url: string, init: RequestInit): Promise<Reply> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as Reply;
}
