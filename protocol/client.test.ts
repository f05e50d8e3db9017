// The JSON client with replies of a server, and of proxies in front of it.
import { expect, test } from "bun:test";
import { createAssetGroup, deleteAssetGroup, listAssetGroups } from "./asset-groups.ts";
import { type ApiCall, callRoute, UnexpectedReply } from "./client.ts";
import { Problem } from "./problems.ts";

function sendTo(reply: () => Response) {
  const calls: [string, ApiCall][] = [];
  const send = async (path: string, call: ApiCall) => {
    calls.push([path, call]);
    return reply();
  };
  return { send, calls };
}

test("sends the parts that the route has, and returns the reply", async () => {
  const { send, calls } = sendTo(() => Response.json({ items: [] }));
  expect(await callRoute(send, listAssetGroups, { query: { q: "a b", cursor: undefined } })).toEqual({
    items: [],
  } as never);
  const [[path, { method, headers, body }]] = calls as [[string, ApiCall]];
  expect([path, method, body]).toEqual(["/api/v1/asset-groups?q=a+b", "GET", null]);
  expect(headers["content-type"]).toBeUndefined();
});

test("sends the body as JSON with the idempotency key", async () => {
  const { send, calls } = sendTo(() => Response.json({ id: "grp_1" }, { status: 201 }));
  await callRoute(send, createAssetGroup, { body: { name: "East" } }, { idempotencyKey: '"k"' });
  const [[, { headers, body }]] = calls as [[string, ApiCall]];
  expect(body).toBe('{"name":"East"}');
  expect(headers).toMatchObject({ "content-type": "application/json", "idempotency-key": '"k"' });
});

test("returns undefined for a reply without a body", async () => {
  const { send } = sendTo(() => new Response(null, { status: 204 }));
  expect(await callRoute(send, deleteAssetGroup, { params: { id: "grp_1" } })).toBeUndefined();
});

test("throws the problem that the server sent", async () => {
  const body = { type: "urn:attacklens:problem:name-taken", code: "name-taken", title: "Taken", status: 409 };
  const { send } = sendTo(() => Response.json({ ...body, requestId: "r1" }, { status: 409 }));
  const error = await callRoute(send, createAssetGroup, { body: { name: "East" } }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(Problem);
  expect(error).toMatchObject({ code: "name-taken", detail: "Taken (request r1)" });
});

test("throws UnexpectedReply for a proxy's page and for incomplete JSON", async () => {
  for (const [status, text] of [
    [502, "<h1>Bad Gateway</h1>"],
    [200, '{"items":['],
  ] as const) {
    const { send } = sendTo(() => new Response(text, { status }));
    const error = await callRoute(send, listAssetGroups, {}).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UnexpectedReply);
    expect(error).toMatchObject({ status, text });
  }
});
