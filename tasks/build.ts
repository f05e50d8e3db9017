// npm run build: leaves dist/attacklens and dist/attacklens-sensor for this machine; with --all the other targets too.
// --force also builds a program whose sources have not changed.
import { parseArgs } from "node:util";
import { build } from "../harness/build.ts";
import { runTask } from "../harness/terminal.ts";

const { values } = parseArgs({ options: { all: { type: "boolean" }, force: { type: "boolean" } } });
await runTask("build", async () => {
  await build(values);
  return 0;
});
