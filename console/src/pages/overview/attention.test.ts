import { expect, test } from "bun:test";
import { attentionItems } from "./attention.ts";

const SETUP = { assetGroup: true, enrollmentToken: true, sensor: true, report: true };
const overview = (count: number) => ({
  setup: SETUP,
  attention: {
    ...{ awaitingApproval: count, possibleDuplicates: count, tokensExpiringSoon: count },
    tokensNearlyUsedUp: count,
    refusals: { from: "2026-11-25T10:00:00.000Z", attempts: count },
    longOffline: { seenBefore: "2026-11-19T10:00:00.000Z", sensors: count },
  },
});
const texts = (count: number) => attentionItems(overview(count)).map(({ text }) => text);

test("numbers agree with their verbs", () => {
  expect(texts(1)).toEqual([
    "sensor awaits approval",
    "host was refused in the last 24 hours",
    "sensor may be a duplicate of an offline sensor",
    "Enrollment Token in use expires within 7 days",
    "Enrollment Token has spent nearly all its uses",
    "sensor has been offline for more than 7 days",
  ]);
  expect(texts(2)).toEqual([
    "sensors await approval",
    "hosts were refused in the last 24 hours",
    "sensors may be duplicates of offline sensors",
    "Enrollment Tokens in use expire within 7 days",
    "Enrollment Tokens have spent nearly all their uses",
    "sensors have been offline for more than 7 days",
  ]);
  expect(texts(0)).toEqual([]);
});

test("each item leads to the list that it counts", () => {
  const search = attentionItems(overview(3)).map(({ link }) => [link.to, link.search]);
  expect(search.slice(0, 2)).toEqual([
    ["/sensors", { filter: "status:awaiting-approval" }],
    ["/sensors/enrollments", { outcome: "refused", from: "2026-11-25T10:00:00.000Z" }],
  ]);
  expect(search.at(-1)).toEqual([
    "/sensors",
    { filter: "status:offline last-seen<2026-11-19T10:00:00.000Z" },
  ]);
});
