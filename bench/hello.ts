// The floor that check-ins are measured against: the same runtime, answering nothing.
const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("{}") });
console.log(`listening on ${server.url.origin}`);
