import { expect, test } from "bun:test";
import { parseSearch, pathAfterSignIn, stringifySearch } from "./paths.ts";

test("values in the query of a URL are always text", () => {
  expect(parseSearch("?q=22&status=active")).toEqual({ q: "22", status: "active" });
  expect(stringifySearch({ q: "a b&c", status: undefined, sort: "" })).toBe("?q=a+b%26c");
  expect(stringifySearch({})).toBe("");
});

test("sign-in returns to the previous page", () => {
  expect(pathAfterSignIn("/sensors/tokens?q=x#y")).toBe("/sensors/tokens?q=x#y");
  expect(pathAfterSignIn(undefined)).toBe("/");
});

test("sign-in never leads to another site", () => {
  for (const then of [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
  ]) {
    expect(pathAfterSignIn(then)).toBe("/");
  }
});
