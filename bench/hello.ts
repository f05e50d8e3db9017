// The baseline for check-ins: a server on the same runtime that sends empty responses.
const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("{}") });
console.log(`listening on ${server.url.origin}`);
