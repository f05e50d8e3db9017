// Notifications to systemd: sd_notify(3). Bun has no datagram sockets of Unix, and its FFI needs a JIT, which
// MemoryDenyWriteExecute forbids. So the unit lets systemd open and connect the socket (OpenFile=), and the
// sensor writes to it. Before version 253, systemd has no OpenFile=, and the unit does not use notifications.
import { writeSync } from "node:fs";
import type { SystemdVariables } from "../settings.ts";
import { NOTIFY_FD_NAME } from "./systemd-unit.ts";

/** Descriptor of the first file that systemd passes. */
const FIRST_FD = 3;
/** Much longer than a cycle takes, with all its retries and uploads. */
const LONGEST_CYCLE_MS = 30 * 60_000;

export interface SystemdNotifications extends Disposable {
  /** Whether systemd expects them from this process. */
  isOpen: boolean;
  ready(): void;
  /** A cycle is over, and the next one starts in `nextMs`. */
  noteCycle(nextMs: number): void;
}

export interface NotificationOptions {
  variables: SystemdVariables;
  /** Writes to a descriptor. */
  write?: (descriptor: number, text: string) => void;
  now?: () => number;
}

/**
 * Sends signs of life while the event loop runs and cycles end in time. Does nothing outside of a unit with
 * notifications.
 */
export function openNotifications({
  variables: { fileNames, watchdogMs },
  write = writeSync,
  now = () => performance.now(),
}: NotificationOptions): SystemdNotifications {
  const at = fileNames.indexOf(NOTIFY_FD_NAME);
  const send = (text: string) => {
    if (at < 0) return;
    try {
      write(FIRST_FD + at, text);
    } catch {
      // Without notifications, systemd restarts the sensor. It must not end here.
    }
  };
  let dueAt = now() + LONGEST_CYCLE_MS;
  const beat = () => {
    if (now() < dueAt) send("WATCHDOG=1");
  };
  const timer = at < 0 || watchdogMs === undefined ? undefined : setInterval(beat, watchdogMs / 4);
  return {
    isOpen: at >= 0,
    ready: () => send("READY=1"),
    noteCycle(nextMs) {
      dueAt = now() + nextMs + LONGEST_CYCLE_MS;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      send("STOPPING=1");
    },
  };
}
