import { expect, test } from "bun:test";
import { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { listSearch } from "./list-search.ts";

const search = listSearch(listEnrollmentTokens);

test("reads the state of a list from the URL", () => {
  const state = { q: "prod", sort: "name", order: "desc", status: "active" };
  expect<unknown>(search(state)).toEqual(state);
});

test("omits absent and invalid parameters", () => {
  expect(search({})).toEqual({});
  const invalid = {
    q: "a\u202eb",
    sort: "colour",
    order: "up",
    status: "odd",
    cursor: "x",
    limit: "5",
    other: "1",
  };
  expect(search(invalid)).toEqual({});
});
