import { expect, test } from "bun:test";
import { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { z } from "zod";
import { listSearch } from "./list-search.ts";

const search = listSearch(listEnrollmentTokens.query.shape.sort, { status: z.enum(["active", "revoked"]) });

test("the state of a list is read from the URL", () => {
  expect(search.parse({ q: "prod", sort: "name", order: "desc", status: "active" })).toEqual({
    q: "prod",
    sort: "name",
    order: "desc",
    status: "active",
  });
});

test("nothing is set that the URL does not say, and nonsense is ignored", () => {
  expect(search.parse({})).toEqual({});
  const nonsense = search.parse({ q: "a\u202eb", sort: "colour", order: "up", status: "odd", cursor: "x" });
  expect(Object.values(nonsense).filter((value) => value !== undefined)).toEqual([]);
});
