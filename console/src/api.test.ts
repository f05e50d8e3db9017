import { expect, test } from "bun:test";
import { problemOf, readProblem } from "./api.ts";

function reply(status: number, body: unknown): Response {
  return Response.json(body, { status, headers: { "content-type": "application/problem+json" } });
}

test("a refusal is read with its detail and fields", async () => {
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

test("a failure of the server is told by its title and the request to look for", async () => {
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

test("an answer that is no problem, such as a proxy's page, is told by its status", async () => {
  const gateway = await readProblem(new Response("<h1>Bad Gateway</h1>", { status: 502 }));
  expect([gateway.code, gateway.detail]).toEqual([
    "unavailable",
    "The server cannot answer now (status 502).",
  ]);
  expect((await readProblem(new Response("", { status: 418 }))).code).toBe("malformed-request");
});

test("anything thrown becomes a problem", () => {
  expect(problemOf(new TypeError("x is not a function")).detail).toBe("x is not a function");
  expect(problemOf("boom").code).toBe("internal-error");
});
