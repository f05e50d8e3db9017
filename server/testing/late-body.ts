// Requests whose bodies arrive late, for server tests.
import type { World } from "./test-world.ts";

/**
 * Sends the head of a request, and resolves when it is admitted. The returned function sends the body, and
 * returns the status of a success, or the code of a problem.
 */
export async function withLateBody(fetch: World["fetch"], path: string, { body, ...init }: RequestInit) {
  const text = body as string;
  const admitted = Promise.withResolvers<void>();
  const delivered = Promise.withResolvers<void>();
  const late = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        admitted.resolve();
        await delivered.promise;
        controller.enqueue(Buffer.from(text));
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const headers = new Headers(init.headers);
  headers.set("content-length", String(Buffer.byteLength(text)));
  const reply = fetch(path, { ...init, headers, body: late }).then(async (response) => {
    const said = await response.text();
    return response.status < 400 ? response.status : (JSON.parse(said).code as string);
  });
  const refused = reply.then((status) => {
    throw new Error(`${path} was not admitted: ${status}`);
  });
  await Promise.race([admitted.promise, refused]);
  return async () => {
    delivered.resolve();
    return await reply;
  };
}
