// The zones of firewalld: what each accepts, from the files of the administrator or of the distribution.

import { countOf } from "@attacklens/protocol/count-of.ts";
import type { HostFiles } from "../../host-files.ts";

export interface Zone {
  name: string;
  path: string;
  text: string;
}

const FOLDERS = ["/etc/firewalld/zones", "/usr/lib/firewalld/zones"];

/** The zones that the administrator has changed, and the default zone. */
export function listZones(files: HostFiles, defaultZone: string): Zone[] {
  const own = files.list(FOLDERS[0]!).flatMap((name) => (name.endsWith(".xml") ? name.slice(0, -4) : []));
  return [...new Set([...own, defaultZone])].sort().flatMap((name) => {
    for (const folder of FOLDERS) {
      const path = `${folder}/${name}.xml`;
      const text = files.findText(path);
      if (text !== undefined) return { name, path, text };
    }
    return [];
  });
}

/** `target DROP; services ssh; ports 8080/tcp; interfaces eth0; 2 rich rules`. */
export function describeZone(xml: string): string {
  const text = withoutComments(xml);
  const target = /<zone\b[^>]{0,200}\btarget="([\w%]{1,40})"/.exec(text)?.[1];
  const ports = elements(text, "port").map((port) => `${port.get("port")}/${port.get("protocol")}`);
  const names = (element: string) => elements(text, element).flatMap((each) => each.get("name") ?? []);
  const sources = elements(text, "source").flatMap((each) => each.get("address") ?? []);
  const rules = elements(text, "rule").length;
  return [
    target && `target ${target}`,
    list("services", names("service")),
    list("ports", ports),
    list("interfaces", names("interface")),
    list("sources", sources),
    rules > 0 && countOf(rules, "rich rule"),
    text.includes("<masquerade") && "masquerade",
  ]
    .filter(Boolean)
    .join("; ");
}

function withoutComments(xml: string): string {
  let text = "";
  let from = 0;
  for (let start = xml.indexOf("<!--"); start >= 0; start = xml.indexOf("<!--", from)) {
    text += xml.slice(from, start);
    const end = xml.indexOf("-->", start);
    if (end < 0) return text;
    from = end + 3;
  }
  return text + xml.slice(from);
}

function list(word: string, values: readonly string[]): string | false {
  return values.length > 0 && `${word} ${[...new Set(values)].sort().join(", ")}`;
}

/** Attributes of the elements outside of rules. */
function elements(text: string, name: string): Map<string, string>[] {
  const outside = name === "rule" ? text : withoutRules(text);
  const found: Map<string, string>[] = [];
  const start = `<${name}`;
  for (let at = outside.indexOf(start); at >= 0; at = outside.indexOf(start, at + 1)) {
    const end = outside.indexOf(">", at);
    if (end < 0) break;
    const inside = outside.slice(at + start.length, Math.min(end, at + 1_000));
    // `<source-port` is another element than `<source`.
    if (!/^[\s/]|^$/.test(inside)) continue;
    found.push(
      new Map([...inside.matchAll(/([\w-]{1,40})="([^"]{0,200})"/g)].map(([, key, value]) => [key!, value!])),
    );
  }
  return found;
}

function withoutRules(text: string): string {
  let outside = "";
  let from = 0;
  for (let start = text.indexOf("<rule"); start >= 0; start = text.indexOf("<rule", from)) {
    outside += text.slice(from, start);
    const end = text.indexOf("</rule>", start);
    if (end < 0) return outside;
    from = end + "</rule>".length;
  }
  return outside + text.slice(from);
}
