// A host without a sensor that enrolls and reports inventories as the sensor does.
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { makeSigner } from "../harness/signer.ts";
import type { MadeInventory } from "./made-inventory.ts";
import { enrollment, VERSIONS } from "./target.ts";

/** Characters of chunks in one upload. */
const MAX_UPLOAD = 3_000_000;

export type ReportingHost = Awaited<ReturnType<typeof enrollHost>>;

export async function enrollHost(url: string, token: string, index: number) {
  const signer = makeSigner();
  const { path, init } = enrollment(token, index, signer);
  const { sensorId } = await send<{ sensorId: string }>(url + path, init);

  async function request<Reply>(method: string, path: string, body: object): Promise<Reply> {
    const { init } = signer.signText(method, path, JSON.stringify(body), sensorId);
    return await send<Reply>(url + path, init);
  }

  async function upload(category: Category, { root, chunks }: MadeInventory[Category] & object) {
    const path = `/sensor/v1/inventory/${category}`;
    const manifest = { root, chunks: chunks.map(({ hash }) => hash) };
    const { missing } = await request<{ missing: string[] }>("PUT", path, manifest);
    if (missing.length === 0) return;
    let contents: [string, unknown][] = [];
    let characters = 0;
    for (const { hash, content } of chunks) {
      if (!missing.includes(hash)) continue;
      if (characters > 0 && characters + content.length > MAX_UPLOAD) {
        await request("PUT", `${path}/chunks`, { chunks: Object.fromEntries(contents) });
        [contents, characters] = [[], 0];
      }
      contents.push([hash, JSON.parse(content)]);
      characters += content.length;
    }
    await request("PUT", `${path}/chunks`, { chunks: Object.fromEntries(contents) });
    await request("PUT", path, manifest);
  }

  return {
    id: sensorId,
    /** The roots, then the lists of the wanted categories, then their missing chunks. */
    async report(inventory: MadeInventory): Promise<void> {
      const states = Object.fromEntries(
        CATEGORIES.map((category) => [category, stateOf(inventory, category)]),
      );
      const body = { ...VERSIONS, inventory: states };
      const { wanted } = await request<{ wanted: Category[] }>("POST", checkIn.path, body);
      for (const category of wanted) await upload(category, inventory[category]!);
    },
  };
}

/** A changed category is reported alone. */
function stateOf(inventory: MadeInventory, category: Category) {
  const root = inventory[category]?.root;
  if (root !== undefined) return { status: "collected", root };
  return Object.keys(inventory).length === 1 ? undefined : { status: "unsupported" };
}

/** Throws if the reply is a problem. */
export async function send<Reply>(url: string, init: RequestInit): Promise<Reply> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as Reply;
}
