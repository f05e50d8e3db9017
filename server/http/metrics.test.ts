import { expect, test } from "bun:test";
import { openWorld } from "../test-world.ts";
import { mayReadMetrics } from "./metrics.ts";

const LOCAL = "127.0.0.1";

test("without a token, metrics are for programs that ask this machine by its own name", async () => {
  await using world = await openWorld("sqlite");
  const read = async (host: string, headers: Record<string, string> = {}, address = LOCAL) =>
    (await world.fetch("/metrics", { headers: { host, ...headers } }, address)).status;
  for (const host of ["localhost", "localhost:8080", "127.0.0.1:8080", "127.8.9.10", "[::1]", "[::1]:8080"])
    expect([host, await read(host)]).toEqual([host, 200]);
  const foreign = [
    "lens.example",
    "localhost.example",
    "127.0.0.1.example",
    "localhost@lens.example",
    "10.0.0.1:8080",
  ];
  for (const host of foreign) expect([host, await read(host)]).toEqual([host, 403]);
  expect(await read("localhost", { "x-forwarded-for": "198.51.100.7" })).toBe(403);
  expect(await read("localhost", {}, "198.51.100.7")).toBe(403);
});

test("with a token, metrics are for its bearer, wherever they are", () => {
  const may = (authorization: string) =>
    mayReadMetrics(
      new Headers({ authorization, host: "lens.example" }),
      "198.51.100.7",
      "a token of the operator",
    );
  expect(may("Bearer a token of the operator")).toBe(true);
  expect(may("Bearer another of the same long")).toBe(false);
  expect(may("")).toBe(false);
});
