import { expect, test } from "bun:test";
import { firstSteps } from "./first-steps.ts";

const NONE = { assetGroup: false, enrollmentToken: false, sensor: false, report: false };
const states = (setup: Partial<typeof NONE>) => firstSteps({ ...NONE, ...setup })?.map(({ state }) => state);

test("the next step follows the last one that is done", () => {
  expect(states({})).toEqual(["next", "later", "later", "later"]);
  expect(states({ assetGroup: true })).toEqual(["done", "next", "later", "later"]);
  expect(states({ enrollmentToken: true })).toEqual(["skipped", "done", "next", "later"]);
  const deployed = states({ assetGroup: true, enrollmentToken: true, sensor: true });
  expect(deployed).toEqual(["done", "done", "done", "next"]);
  // The sensor was deleted with its token.
  expect(states({ sensor: true })).toEqual(["skipped", "skipped", "done", "next"]);
});

test("the steps end with the first report", () => {
  expect(states({ sensor: true, report: true })).toBeUndefined();
});
