import { expect, test } from "bun:test";
import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import { openGaps } from "./gaps.ts";

const denied = (subject: string): Gap => ({ kind: "not-permitted", subject, reason: "permission denied" });

function listed(...gaps: Gap[]): Gap[] {
  const open = openGaps();
  for (const gap of gaps) open.note(gap);
  return open.list();
}

test("lists different gaps one by one, sorted, and equal ones with their number", () => {
  expect(listed(denied("/etc/shadow"), denied("/etc/gshadow"), denied("/etc/shadow"))).toEqual([
    denied("/etc/gshadow"),
    { ...denied("/etc/shadow"), count: 2 },
  ]);
});

test("counts the same file of all processes, rounded down", () => {
  const gaps = Array.from({ length: 283 }, (_, pid) => denied(`/proc/${pid}/exe`));
  expect(listed(...gaps)).toEqual([{ ...denied("/proc/*/exe"), count: 200 }]);
});

test("counts the files of a folder if there are too many gaps, and keeps the others", () => {
  const gaps = Array.from({ length: 30 }, (_, nth) => denied(`/etc/ssl/${nth}.pem`));
  expect(listed(denied("/etc/shadow"), ...gaps, denied("rule 7"))).toEqual([
    denied("/etc/shadow"),
    { ...denied("/etc/ssl/*"), count: 20 },
    denied("rule 7"),
  ]);
});

test("never lists more than 20, and counts the rest", () => {
  const gaps = Array.from({ length: 3_000 }, (_, nth) => denied(`/home/${nth}/.ssh/authorized_keys`));
  const list = listed(...gaps);
  expect(list).toHaveLength(20);
  expect(list.at(-1)).toEqual({
    kind: "limit",
    subject: "other gaps",
    reason: "too many to list",
    count: 2_000,
  });
});

test("cleans and cuts names from the host", () => {
  const [gap] = listed({ kind: "damaged", subject: `/a\n\u202e${"x".repeat(400)}`, reason: "y".repeat(400) });
  expect(gap?.subject).toHaveLength(300);
  expect(gap?.subject).toStartWith("/a\ufffd\ufffdx");
  expect(gap?.reason).toHaveLength(200);
});
