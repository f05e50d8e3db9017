import { expect, test } from "bun:test";
import { waitUntil } from "../../harness/wait-until.ts";
import { openNotifications } from "./systemd-notify.ts";

function open({ fileNames = ["notify"], watchdogMs }: { fileNames?: string[]; watchdogMs?: number } = {}) {
  const sent: string[] = [];
  const clock = { ms: 0 };
  const notifications = openNotifications({
    variables: { fileNames, watchdogMs },
    write: (descriptor, text) => sent.push(`${descriptor} ${text}`),
    now: () => clock.ms,
  });
  return { sent, clock, notifications };
}

test("tells systemd that the sensor is ready and that it stops, on the descriptor with the name", () => {
  for (const [fileNames, descriptor] of [
    [["notify"], 3],
    [["other", "notify"], 4],
  ] as const) {
    const { sent, notifications } = open({ fileNames: [...fileNames] });
    notifications.ready();
    notifications[Symbol.dispose]();
    expect(sent).toEqual([`${descriptor} READY=1`, `${descriptor} STOPPING=1`]);
  }
});

test("sends nothing without a socket", () => {
  const { sent, notifications } = open({ fileNames: ["other"], watchdogMs: 4 });
  notifications.ready();
  notifications.noteCycle(1_000);
  notifications[Symbol.dispose]();
  expect(sent).toEqual([]);
});

test("shows signs of life while cycles end in time, and none after that", async () => {
  const { sent, clock, notifications } = open({ watchdogMs: 4 });
  using _ = notifications;
  await waitUntil("the first sign of life", () => sent.includes("3 WATCHDOG=1"));
  notifications.noteCycle(60_000);
  clock.ms = 60_000 + 29 * 60_000;
  const before = sent.length;
  await waitUntil("a sign of life during a long cycle", () => sent.length > before);
  clock.ms = 60_000 + 31 * 60_000;
  const stuck = sent.length;
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await waitUntil("the timer of the watchdog had its turns", () => turns > 20);
  clearInterval(timer);
  expect(sent.length).toBe(stuck);
});

test("a socket that cannot be written does not end the sensor", () => {
  const notifications = openNotifications({
    variables: { fileNames: ["notify"], watchdogMs: undefined },
    write: () => {
      throw new Error("EPIPE");
    },
  });
  notifications.ready();
  notifications[Symbol.dispose]();
});
