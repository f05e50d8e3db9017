import { expect, test } from "bun:test";
import { splitFields } from "./use-submit.ts";

test("shows a message at its field, also for nested fields", () => {
  expect(
    splitFields({ name: "is taken", "scope.assetGroupId": "does not exist" }, ["name", "assetGroupId"]),
  ).toEqual({
    known: { name: "Taken", assetGroupId: "Does not exist" },
    other: undefined,
  });
  expect(splitFields({ "allowedNetworks.1": "must be a network" }, ["allowedNetworks"]).known).toEqual({
    allowedNetworks: "Entry 2 must be a network",
  });
});

test("keeps a message for a field outside the form", () => {
  expect(splitFields({ code: "is not valid" }, ["name"])).toEqual({ known: {}, other: "code: is not valid" });
});
