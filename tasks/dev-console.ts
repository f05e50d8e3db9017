// The console for `npm run dev`. Vite serves it from its sources and applies edits to the open page. Bun's
// bundler (1.4.5) cannot: its hot reload replaces parts of libraries with incomplete ones and loses CSS
// modules. The build for users uses Bun's bundler.
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { createServer } from "vite";
import { ROOT } from "../harness/terminal.ts";

const PASSED_ON = ["^/api/", "^/sensor/v1/", "^/healthz$", "^/readyz$", "^/metrics$"];

export interface DevConsole {
  origin: string;
  close(): Promise<void>;
}

/** Serves the console on a free port of this machine. Passes requests for the API on to `serverUrl`. */
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
