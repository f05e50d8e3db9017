// The console for `npm run dev`: Bun bundles it from its sources and puts edits into the open page (hot reload).
// The API is the server's: every request for it is passed on.
import page from "../console/src/index.html";

const PASSED_ON = ["/api/*", "/sensor/*", "/healthz", "/readyz", "/metrics"];

/** Opens the console on a free port of this machine. `serverUrl` is called for each request, as the server may move. */
export function openDevConsole(serverUrl: () => string) {
  const passOn = (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    return fetch(serverUrl() + pathname + search, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      redirect: "manual",
      signal: request.signal,
      decompress: false,
    });
  };
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    // The stream of changes stays open.
    idleTimeout: 0,
    development: { hmr: true, console: false },
    routes: { ...Object.fromEntries(PASSED_ON.map((path) => [path, passOn])), "/*": page },
  });
}
