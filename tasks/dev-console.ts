// The console for `npm run dev`. Vite serves it from its sources and puts edits into the open page. Bun's own bundler does not (1.4.5):
// its hot reload replaces parts of libraries by incomplete ones, and it loses CSS modules. The build for users is Bun's.
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { createServer } from "vite";
import { ROOT } from "../harness/terminal.ts";

const PASSED_ON = ["^/api/", "^/sensor/v1/", "^/healthz$", "^/readyz$", "^/metrics$"];

export interface DevConsole {
  origin: string;
  close(): Promise<void>;
}

/** Opens the console on a free port of this machine. Requests for the API go to `serverUrl`. */
export async function openDevConsole(serverUrl: string): Promise<DevConsole> {
  const vite = await createServer({
    configFile: false,
    envDir: false,
    root: join(ROOT, "console/src"),
    cacheDir: join(ROOT, ".cache/vite"),
    plugins: [react()],
    logLevel: "warn",
    server: {
      host: "127.0.0.1",
      port: 0,
      fs: { allow: [ROOT] },
      proxy: Object.fromEntries(PASSED_ON.map((path) => [path, { target: serverUrl }])),
    },
  });
  await vite.listen();
  const [origin] = vite.resolvedUrls?.local ?? [];
  return { origin: new URL(origin as string).origin, close: () => vite.close() };
}
