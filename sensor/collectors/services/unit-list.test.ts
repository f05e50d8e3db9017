import { describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { makeFolder } from "../../testing/test-command.ts";
import { decodeMessage, decodeStructures, encodeCall } from "./bus-message.ts";
import { askForUnits } from "./unit-list.ts";
import { statesOf } from "./unit-states.ts";

const UNITS = [
  ["ssh.service", "OpenBSD Secure Shell server", "loaded", "active", "running"],
  ["broken.service", "A broken – one", "loaded", "failed", "failed"],
  ["once.service", "", "loaded", "active", "exited"],
  ["loop.service", "", "loaded", "activating", "auto-restart"],
  ["gone.service", "", "not-found", "inactive", "dead"],
  ["work@one.service", "", "loaded", "active", "running"],
  ["echo.socket", "", "loaded", "active", "listening"],
  ["-.mount", "", "loaded", "active", "mounted"],
];

/** The reply of systemd to a call, as the specification of D-Bus defines it. */
function replyTo(serial: number, units: readonly string[][], type = 2): Buffer {
  const body: number[] = [];
  const pad = (to: number) => {
    while (body.length % to !== 0) body.push(0);
  };
  const number = (value: number) => {
    pad(4);
    body.push(...Buffer.from(Uint32Array.of(value).buffer));
  };
  const text = (value: string) => {
    number(Buffer.byteLength(value));
    body.push(...Buffer.from(value), 0);
  };
  number(0);
  for (const fields of units) {
    pad(8);
    for (const field of [...fields, "", "/org/freedesktop/systemd1/unit/x"]) text(field);
    number(0);
    for (const field of ["", "/"]) text(field);
  }
  const bytes = Buffer.from(body);
  bytes.writeUInt32LE(units.length === 0 ? 0 : bytes.length - 8, 0);
  const fields = Buffer.from([5, 1, 117, 0, serial, 0, 0, 0, 8, 1, 103, 0, 1, 115, 0, 0]);
  const header = Buffer.alloc(16);
  header.set([108, type, 1, 1]);
  header.writeUInt32LE(bytes.length, 4);
  header.writeUInt32LE(9, 8);
  header.writeUInt32LE(fields.length - 1, 12);
  return Buffer.concat([header, fields, bytes]);
}

const NAME_ACQUIRED = Buffer.from(
  encodeCall({ serial: 3, destination: "a", path: "/b", interface: "c", member: "d" }),
);

/** Asks a manager on a socket, which replies to the first bytes that it receives. */
async function ask(reply: (connection: Socket) => void, name = "private", timeoutMs = 5_000) {
  using folder = makeFolder();
  const path = join(folder.path, name);
  const server = createServer((connection) => {
    connection.on("error", () => {});
    connection.once("data", () => reply(connection));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    return await askForUnits(path, timeoutMs);
  } finally {
    server.close();
  }
}

describe("the units that systemd lists", () => {
  test("are read from a reply that arrives in parts, between other messages", async () => {
    const whole = Buffer.concat([
      Buffer.from("OK 1234deadbeef\r\n"),
      replyTo(1, [[":1.7", "", "", "", ""]]),
      NAME_ACQUIRED,
      replyTo(2, UNITS),
    ]);
    const units = await ask(async (connection) => {
      for (let at = 0; at < whole.length; at += 50) {
        connection.write(whole.subarray(at, at + 50));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }, "system_bus_socket");
    expect(
      units.map(({ name, description, load, active, sub }) => [name, description, load, active, sub]),
    ).toEqual(UNITS);
    expect(
      await ask((connection) => connection.write(Buffer.concat([Buffer.from("OK 1\r\n"), replyTo(2, [])]))),
    ).toEqual([]);
  });

  test("are unknown if systemd refuses, sends no message of D-Bus, or says nothing", async () => {
    await expect(ask((connection) => connection.write("REJECTED EXTERNAL\r\n"))).rejects.toThrow(
      "not permitted",
    );
    await expect(
      ask((connection) => connection.write(Buffer.concat([Buffer.from("OK 1\r\n"), replyTo(2, UNITS, 3)]))),
    ).rejects.toThrow("the call was refused");
    await expect(ask((connection) => connection.write(`OK 1\r\n${"x".repeat(64)}`))).rejects.toThrow(
      "not a message",
    );
    await expect(ask((connection) => connection.end())).rejects.toThrow("closed");
    await expect(ask(() => {}, "private", 20)).rejects.toThrow("no reply in time");
    await expect(askForUnits("/nonexistent/private")).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("have states", () => {
    const states = statesOf(
      UNITS.map(
        ([name, description, load, active, sub]) => ({ name, description, load, active, sub }) as never,
      ),
    );
    expect([...states.names]).toEqual([
      "ssh.service",
      "broken.service",
      "once.service",
      "loop.service",
      "work@one.service",
      "echo.socket",
    ]);
    const names = [
      "ssh.service",
      "broken.service",
      "once.service",
      "loop.service",
      "work@.service",
      "echo.socket",
    ];
    expect([...names, "gone.service", "never-loaded.service"].map((name) => states.stateOf(name))).toEqual([
      ...["running", "failed", "exited", "starting", "running", "running"],
      ...["stopped", "stopped"],
    ] as never);
  });

  test("any bytes end in a message, an error, or a wait for more", () => {
    const call = fc.constantFrom(...[replyTo(2, UNITS), NAME_ACQUIRED]);
    const changed = fc
      .tuple(call, fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 8 }))
      .map(([bytes, changes]) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of changes) copy[at % copy.length] = value;
        return copy;
      });
    fc.assert(
      fc.property(changed, (bytes) => {
        try {
          const message = decodeMessage(bytes);
          if (message) decodeStructures(message.body, "ssssssouso");
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});
