import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { CATEGORY_ITEMS } from "@attacklens/protocol/inventory/category-items.ts";
import { makeMachine } from "../../testdata/unpack-machine.ts";
import { collectInventory } from "../collect.ts";

const MARKER = "System/Library/CoreServices/SystemVersion.plist";
/** 200 lists, each with 200 references to the next one. */
const MULTIPLYING = Buffer.concat([
  Buffer.from("bplist00"),
  ...Array.from({ length: 200 }, (_, index) =>
    Buffer.from([0xaf, 0x10, 200, ...new Array<number>(200).fill(Math.min(index + 1, 199))]),
  ),
  ...Array.from({ length: 200 }, (_, index) => {
    const offset = 8 + index * 203;
    return Buffer.from([offset >> 8, offset & 0xff]);
  }),
  Buffer.from([0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 0]),
  Buffer.from([0, 0, 0, 0, 0, 0, (8 + 200 * 203) >> 8, (8 + 200 * 203) & 0xff]),
]);

const INSTEAD: Record<string, (file: string) => void> = {
  "a FIFO": (file) => void spawnSync("mkfifo", [file]),
  "a folder": (file) => mkdirSync(file),
  "a link to itself": (file) => symlinkSync(file.split("/").at(-1)!, file),
  "a link to the root folder": (file) => symlinkSync("/", file),
  "lists that multiply": (file) => writeFileSync(file, MULTIPLYING),
  "an open element repeated": (file) => writeFileSync(file, `<plist>${"<dict><key>a</key>".repeat(20_000)}`),
  "a megabyte of one line": (file) => writeFileSync(file, "x<y ".repeat(256 * 1024)),
};

test.each(Object.entries(INSTEAD))("%s in place of every file costs no category", async (_, make) => {
  using machine = makeMachine("macos-14");
  for (const path of readdirSync(machine.root, { recursive: true }) as string[]) {
    const file = join(machine.root, path);
    if (path === MARKER || !lstatSync(file, { throwIfNoEntry: false })?.isFile()) continue;
    rmSync(file);
    make(file);
  }
  const inventory = await collectInventory(machine.root);
  for (const category of CATEGORIES) {
    const result = inventory[category];
    expect(["collected", "absent", "unsupported"]).toContain(result.status);
    if (result.status !== "collected") continue;
    for (const item of result.items) CATEGORY_ITEMS[category].parse(JSON.parse(JSON.stringify(item)));
  }
  expect(inventory.packages).toMatchObject({ status: "collected" });
});

test("a directory of users that cannot be read is not the absence of one", async () => {
  using machine = makeMachine("macos-14");
  const folder = join(machine.root, "private/var/db/dslocal/nodes/Default/users");
  rmSync(folder, { recursive: true });
  expect((await collectInventory(machine.root)).users.status).toBe("absent");
  symlinkSync("users", folder);
  expect((await collectInventory(machine.root)).users).toMatchObject({
    status: "failed",
    reason: "Cannot read /private/var/db/dslocal/nodes/Default/users: too many symbolic links",
  });
});
