import { expect, spyOn, test } from "bun:test";
import { createAssetGroup, deleteAssetGroup, getAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { callApi, openCreation, problemOf, readProblem } from "./api.ts";

function reply(status: number, body: unknown): Response {
  return Response.json(body, { status, headers: { "content-type": "application/problem+json" } });
}

test("reads a problem with its detail and fields", async () => {
  const problem = await readProblem(
    reply(422, {
      type: "urn:attacklens:problem:input-invalid",
      code: "input-invalid",
      title: "The input is not valid",
      status: 422,
      detail: "name: must not be empty",
      requestId: "r1",
      fields: { name: "must not be empty" },
    }),
  );
  expect(problem.code).toBe("input-invalid");
  expect(problem.detail).toBe("Name: must not be empty.");
  expect(problem.fields).toEqual({ name: "must not be empty" });
});

test("an internal error shows its title and the request id", async () => {
  const problem = await readProblem(
    reply(500, {
      type: "urn:attacklens:problem:internal-error",
      code: "internal-error",
      title: "Something went wrong on the server",
      status: 500,
      requestId: "r2",
    }),
  );
  expect(problem.detail).toBe("Something went wrong on the server (request r2).");
});

test("a response that is not a problem, such as a proxy's page, shows its status", async () => {
  const gateway = await readProblem(new Response("<h1>Bad Gateway</h1>", { status: 502 }));
  expect([gateway.code, gateway.detail]).toEqual([
    "unavailable",
    "The server is temporarily unavailable (status 502).",
  ]);
  expect((await readProblem(new Response("", { status: 418 }))).code).toBe("malformed-request");
});

test("converts every error to a problem", () => {
  expect(problemOf(new TypeError("x is not a function")).detail).toBe("x is not a function");
  expect(problemOf("boom").code).toBe("internal-error");
});

/** Replies to each request in turn, and records the requests. */
function farSide(...replies: (() => Response | Promise<never>)[]) {
  const arrived: { key: string | null; body: unknown }[] = [];
  const spy = spyOn(globalThis, "fetch").mockImplementation((async (_url: string, init: RequestInit) => {
    const key = new Headers(init.headers).get("idempotency-key");
    arrived.push({ key, body: JSON.parse((init.body as string | null) ?? "null") });
    return await replies.shift()!();
  }) as never);
  return { arrived, [Symbol.dispose]: () => spy.mockRestore() };
}

const lost = () => Promise.reject(new TypeError("Failed to fetch"));
const created = () => Response.json({ id: "grp_1" }, { status: 201 });
const taken = () =>
  reply(409, {
    type: "urn:attacklens:problem:name-taken",
    code: "name-taken",
    title: "The name is already in use",
    status: 409,
    requestId: "r3",
  });

test("repeats the same request with the same key while it is unknown whether the object was created", async () => {
  const cut = () => new Response('{"id":', { status: 201 });
  const gateway = () => new Response("<h1>Bad Gateway</h1>", { status: 502 });
  using far = farSide(lost, cut, gateway, created, created);
  const create = openCreation(createAssetGroup);
  let sent = 0;
  const press = () => create({ typed: "Web" }, () => ({ body: { name: `Web ${++sent}` } }));
  for (const _ of ["lost", "cut", "gateway"])
    expect(await press().catch((error) => problemOf(error).code)).toBe("unavailable");
  expect(await press()).toMatchObject({ id: "grp_1" });
  const [first, ...repeated] = far.arrived;
  expect(first!.key).toMatch(/^"[0-9a-f-]{36}"$/);
  expect(repeated).toEqual([first!, first!, first!]);
  // The object was created, so the next request creates another one.
  await press();
  expect(far.arrived[4]!.body).toEqual({ name: "Web 2" });
  expect(far.arrived[4]!.key).not.toBe(first!.key);
});

test("sends a new request for other input, and after a refusal", async () => {
  using far = farSide(lost, taken, created);
  const create = openCreation(createAssetGroup);
  const press = (name: string) => create(name, () => ({ body: { name } })).catch(() => undefined);
  await press("Web");
  await press("Web 2");
  await press("Web 2");
  expect(new Set(far.arrived.map(({ key }) => key)).size).toBe(3);
});

test("an object that was deleted here is not fetched again, unless the deletion failed", async () => {
  const params = { id: "grp_01" };
  using side = farSide(
    lost,
    () => reply(503, {}),
    () => new Response(null, { status: 204 }),
  );
  const answer = (calling: Promise<unknown>) =>
    calling.then(
      () => "done",
      (error: unknown) => problemOf(error).code,
    );
  expect(await answer(callApi(deleteAssetGroup, { params }))).toBe("unavailable");
  expect(await answer(callApi(getAssetGroup, { params }))).toBe("unavailable");
  const deleting = callApi(deleteAssetGroup, { params });
  expect(await answer(callApi(getAssetGroup, { params }))).toBe("not-found");
  await deleting;
  expect(await answer(callApi(getAssetGroup, { params }))).toBe("not-found");
  expect(side.arrived).toHaveLength(3);
});
