// npm run build: builds dist/attacklens and dist/attacklens-sensor for this machine. --all also builds the
// other targets. --force also builds programs whose sources have not changed. --packages also builds the
// packages: .deb, .rpm and .msi. --sensor builds only the sensor.
import { parseArgs } from "node:util";
import { build, SENSOR, SERVER } from "../harness/build.ts";
import { buildPackages } from "../harness/packages/build-packages.ts";
import { runTask } from "../harness/terminal.ts";

const { values } = parseArgs({
  options: {
    all: { type: "boolean" },
    force: { type: "boolean" },
    packages: { type: "boolean" },
    sensor: { type: "boolean" },
  },
});
await runTask("build", async () => {
  await build({ ...values, programs: values.sensor ? [SENSOR] : [SERVER, SENSOR] });
  if (values.packages) await buildPackages();
  return 0;
});
