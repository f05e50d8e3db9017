// The disk of a Windows system, made of hives that are written from .reg files.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { hiveKeyOf } from "./reg-file.ts";
import { writeHive } from "./write-hive.ts";

const CONFIG = "Windows/System32/config";
/** A disk has numbered sets of settings. Windows shows the current one under another name. */
const SET = "ControlSet002";
const SELECT = '\n[HKEY_LOCAL_MACHINE\\SYSTEM\\Select]\n"Current"=dword:00000002\n';

/** `files`: further ones, by path. Disposing deletes the folder. */
export function makeWindowsDisk(
  reg: string,
  files: Record<string, string | Uint8Array> = {},
): { root: string } & Disposable {
  const root = mkdtempSync(join(tmpdir(), "attacklens-windows-"));
  const write = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const ofDisk = `${reg.replaceAll("\\SYSTEM\\CurrentControlSet", `\\SYSTEM\\${SET}`)}${SELECT}`;
  for (const name of ["SOFTWARE", "SYSTEM"])
    write(`${CONFIG}/${name}`, writeHive(hiveKeyOf(`HKLM\\${name}`, ofDisk)));
  for (const [path, content] of Object.entries(files)) write(path, content);
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

export function readWindowsFixture(name: string): string {
  return readFileSync(join(import.meta.dir, "../testdata/windows", name), "utf8");
}
