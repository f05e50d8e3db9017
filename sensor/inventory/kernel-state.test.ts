import { expect, test } from "bun:test";
import { connect, createServer, type Server } from "node:net";
import { waitUntil } from "../../harness/wait-until.ts";
import { kernelStateOf, VOLATILE } from "./kernel-state.ts";

const isLinux = process.platform === "linux";
const portsNow = () => kernelStateOf("ports", "/");

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return { server, port: (server.address() as { port: number }).port };
}

/** Other programs on this machine open sockets, too: repeats until the text was the same on both sides. */
async function withoutOthers(work: () => Promise<unknown>): Promise<boolean> {
  const before = portsNow();
  await work();
  return portsNow() === before;
}

test.skipIf(!isLinux)(
  "a listening socket changes the state of the ports, a connection does not",
  async () => {
    const before = portsNow();
    const { server, port } = await listen();
    try {
      expect(portsNow()).not.toBe(before);
      await waitUntil("a connection changes nothing", () =>
        withoutOthers(async () => {
          const socket = connect({ port, host: "127.0.0.1" });
          await new Promise((resolve) => socket.once("connect", resolve));
          socket.destroy();
        }),
      );
    } finally {
      server.close();
    }
  },
);

test.skipIf(!isLinux)("the machine and its network stay the same without a change", async () => {
  for (const category of ["system", "network"] as const)
    await waitUntil(`${category} is unchanged`, () => {
      const state = kernelStateOf(category, "/");
      return state !== undefined && state === kernelStateOf(category, "/");
    });
});

test("nothing shows changes of a host that is mounted elsewhere, or of another system", () => {
  for (const category of VOLATILE) expect(kernelStateOf(category, "/host")).toBeUndefined();
  if (!isLinux) expect(portsNow()).toBeUndefined();
});

test("files show all changes of the other categories", () => {
  for (const root of ["/", "/host"]) expect(kernelStateOf("users", root)).toBe("");
});
