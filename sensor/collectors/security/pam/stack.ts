// The modules that a PAM service calls, with the services that it includes in place.
import { type ConfigurationFile, findFile, findPamService, hasPamServices } from "../../configuration.ts";
import type { HostFiles } from "../../host-files.ts";
import { type PamLine, parsePamLines } from "./lines.ts";

export interface PamModule {
  /** `auth`, `account`, `password` or `session`. */
  type: string;
  /** Without its folder and `.so`, e.g. `pam_unix`. */
  name: string;
  options: string[];
  source: string;
}

export interface PamStack {
  modules: PamModule[];
  /** False: a service that it includes is missing or cannot be read. */
  isWhole: boolean;
}

const INCLUDES = ["include", "substack", "@include"];
/** As in Linux-PAM. */
const MAX_DEPTH = 16;
const MAX_INCLUDES = 1_000;
const MAX_MODULES = 10_000;
const PAM_CONF = "/etc/pam.conf";

/** Undefined if the service has no file. */
export function readPamStack(files: HostFiles, service: string): PamStack | undefined {
  const stack: PamStack = { modules: [], isWhole: true };
  const open: string[] = [];
  const services = new Map<string, ConfigurationFile | undefined>();
  let includes = 0;

  /** `type` empty: all types. */
  function add(lines: readonly PamLine[], source: string, type: string): void {
    for (const line of lines) {
      if (stack.modules.length >= MAX_MODULES) {
        incomplete(source, `more than ${MAX_MODULES} modules`);
        return;
      }
      if (type !== "" && line.type !== type && line.control !== "@include") continue;
      if (!INCLUDES.includes(line.control.toLowerCase())) {
        const name = line.module.slice(line.module.lastIndexOf("/") + 1).replace(/\.so$/, "");
        stack.modules.push({ type: line.type, name, options: line.options, source });
      } else include(line.module, line.control === "@include" ? type : line.type, source);
    }
  }

  function include(name: string, type: string, source: string): void {
    if (!services.has(name)) services.set(name, findPamService(files, name));
    const found = services.get(name);
    includes += 1;
    if (includes > MAX_INCLUDES) return;
    if (includes === MAX_INCLUDES) incomplete(source, `more than ${MAX_INCLUDES} included services`);
    else if (found?.text === undefined) incomplete(source, "it includes a service that is not there");
    else if (open.includes(found.path) || open.length > MAX_DEPTH)
      incomplete(source, "services that include each other");
    else {
      open.push(found.path);
      add(linesOf(found), found.path, type);
      open.pop();
    }
  }

  function linesOf({ path, text = "" }: { path: string; text?: string | undefined }): PamLine[] {
    const lines = parsed.get(path) ?? parsePamLines(text);
    parsed.set(path, lines);
    return lines;
  }

  function incomplete(subject: string, reason: string): void {
    stack.isWhole = false;
    files.noteGap({ kind: "not-understood", subject, reason });
  }

  const parsed = new Map<string, PamLine[]>();
  const main = findPamService(files, service);
  if (main !== undefined) {
    stack.isWhole = main.text !== undefined;
    open.push(main.path);
    add(linesOf(main), main.path, "");
    return stack;
  }
  // Linux-PAM reads it only if no folder of services exists.
  const conf = hasPamServices(files) ? undefined : findFile(files, PAM_CONF)?.text;
  const lines = conf === undefined ? [] : parsePamLines(conf, true);
  const own = lines.filter((line) => line.service === service);
  add(own.length > 0 ? own : lines.filter((line) => line.service === "other"), PAM_CONF, "");
  return stack.modules.length > 0 ? stack : undefined;
}
