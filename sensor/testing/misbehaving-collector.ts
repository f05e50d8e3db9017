// In place of the sensor's program: a collector process of which each category fails in another way.
import { writeFileSync } from "node:fs";
import { openCLibrary } from "../inventory/c-library.ts";
import { endWithParent } from "../inventory/end-with-parent.ts";

const pidFile = process.argv[3];
const HANGING = new Int32Array(new SharedArrayBuffer(4));

const BEHAVIOR: Record<string, () => string> = {
  packages: () => {
    for (;;) if (Date.now() === 0) return "";
  },
  // Like a read from a FIFO: nothing else runs in this process meanwhile.
  services: () => {
    if (pidFile !== "/") writeFileSync(pidFile ?? "", String(process.pid));
    Atomics.wait(HANGING, 0, 0);
    return "";
  },
  ports: () => {
    const taken: Uint8Array[] = [];
    for (;;) taken.push(new Uint8Array(1024 * 1024).fill(taken.length));
  },
  users: () => {
    process.kill(process.pid, "SIGSEGV");
    Atomics.wait(HANGING, 0, 0);
    return "";
  },
  security: () => '{"status":"absent","reason":"it is well"}',
  system: () => process.exit(9),
  jobs: () => '{"status":"absent","reas',
};

endWithParent(await openCLibrary());
for await (const request of console) console.log(BEHAVIOR[request]?.());
