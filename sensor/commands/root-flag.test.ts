// The option --root in a container: the host's files are mounted, and everything else is the container's.
import { expect, setDefaultTimeout, test } from "bun:test";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { COMMANDS_TIMEOUT_MS, makeFolder, runCommandLine } from "../testing/test-command.ts";

setDefaultTimeout(COMMANDS_TIMEOUT_MS);

const CONTAINER = ["unshare", "--mount", "--pid", "--uts", "--fork"];
/** Not everything: on a busy machine, this one's packages can take longer than the sensor allows. */
const CATEGORIES = ["--category", "system,ports"];
const canContain =
  process.platform === "linux" &&
  process.getuid?.() === 0 &&
  Bun.which("setpriv") !== null &&
  Bun.spawnSync([...CONTAINER, "true"]).exitCode === 0;

/** Runs `collect` as a container does: in other namespaces, with two capabilities, the host at `folder`. */
async function collectIn(folder: string, namespaces: string[]) {
  const text = `set -e
hostname container
mount --make-rprivate /
mount --rbind / ${folder}
mount -t proc proc /proc
exec setpriv --bounding-set=-all,+dac_read_search,+sys_ptrace --no-new-privs "$@"`;
  const through = [...CONTAINER, ...namespaces, "sh", "-c", text, "sh"];
  return await runCommandLine(["collect", "--root", folder, ...CATEGORIES], { through });
}

const parse = (json: string) => JSON.parse(json) as { system: { items: Item<"system">[] }; ports: object };

test.skipIf(!canContain)(
  "in a container, --root reports the host: its name, processes, file systems and network",
  async () => {
    using folder = makeFolder();
    const { exitCode, stdout, stderr } = await collectIn(folder.path, []);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const [inside, outside] = [
      parse(stdout),
      parse((await runCommandLine(["collect", ...CATEGORIES])).stdout),
    ];
    // Other tests may add an interface meanwhile.
    const keys = new Set(outside.system.items.map(({ key }) => key));
    const same = ({ items }: { items: Item<"system">[] }) =>
      items.filter(({ key, kind }) => kind !== "host" && keys.has(key));
    expect(same(inside.system)).toEqual(same(outside.system));
    expect(inside.ports).toMatchObject({ status: "collected" });
  },
);

test.skipIf(!canContain)("without the host's network, the name comes from the host's file", async () => {
  using folder = makeFolder();
  const { stdout } = await collectIn(folder.path, ["--net"]);
  const host = parse(stdout).system.items.find(({ kind }) => kind === "host");
  const saved = await Bun.file("/etc/hostname")
    .text()
    .catch(() => hostname());
  expect(host).toMatchObject({ hostname: saved.split("\n")[0]!.trim() });
});

test.each([
  ["etc", "it is not an absolute path"],
  ["/nowhere", "it has no folder etc"],
])("--root %s is refused with a hint", async (root, why) => {
  for (const command of ["run", "enroll", "check", "unenroll"]) {
    const { exitCode, stdout, stderr } = await runCommandLine([command, "--root", root]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(
      `Cannot use --root ${JSON.stringify(root)}: ${why}\nhint: mount the root folder`,
    );
  }
});

test("a captured tree is not a running host", async () => {
  using folder = makeFolder();
  for (const name of ["etc", "proc"]) await Bun.write(join(folder.path, name, "hostname"), "captured\n");
  const { exitCode, stdout } = await runCommandLine(["collect", "--root", folder.path]);
  expect(exitCode).toBe(0);
  expect(parse(stdout).system.items).toContainEqual({ key: "host", kind: "host", hostname: "captured" });
});
