// The XML format of property lists (plist(5), PropertyList-1.0.dtd). It has no attributes that matter. It has
// only the entities of XML: a document that declares others is refused. Reads each character once.
import { DamagedPlist, MAX_DEPTH, MAX_VALUES, type PlistDict, type PlistValue } from "./plist-value.ts";

interface Container {
  name: "plist" | "array" | "dict";
  list: PlistValue[];
  dict: Map<string, PlistValue>;
  key: string | undefined;
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** Throws DamagedPlist. */
export function readXmlPropertyList(text: string): PlistValue {
  const open: Container[] = [];
  let made = 0;
  let at = 0;

  function put(value: PlistValue): void {
    made += 1;
    if (made > MAX_VALUES) throw new DamagedPlist("it has too many values");
    const parent = open.at(-1);
    if (parent === undefined) throw new DamagedPlist("it does not begin with <plist>");
    if (parent.name !== "dict") parent.list.push(value);
    else if (parent.key === undefined) throw new DamagedPlist("a value has no key");
    else {
      parent.dict.set(parent.key, value);
      parent.key = undefined;
    }
  }

  for (;;) {
    const start = text.indexOf("<", at);
    if (start < 0) throw new DamagedPlist(open.length > 0 ? "the file ends early" : "not a property list");
    if (text.startsWith("<!--", start)) {
      at = endOf(text, "-->", start + 4);
      continue;
    }
    if (text.startsWith("<?", start)) {
      at = endOf(text, "?>", start);
      continue;
    }
    const close = endOf(text, ">", start);
    const tag = text.slice(start + 1, close - 1);
    at = close;
    if (tag.startsWith("!")) {
      if (!tag.startsWith("!DOCTYPE") || tag.includes("[")) throw new DamagedPlist("it has declarations");
      continue;
    }
    if (tag.startsWith("/")) {
      const ended = open.pop();
      if (ended === undefined || ended.name !== tag.slice(1).trim())
        throw new DamagedPlist("an element ends that is not open");
      if (ended.name === "plist") return ended.list[0];
      put(ended.name === "dict" ? (ended.dict as PlistDict) : ended.list);
      continue;
    }
    const isEmpty = tag.endsWith("/");
    const name = /^[A-Za-z]{1,20}/.exec(tag)?.[0] ?? "";
    if (name === "plist" || name === "array" || name === "dict") {
      if (open.length > MAX_DEPTH) throw new DamagedPlist("it has too many levels");
      if (name === "plist" ? open.length > 0 : open.length === 0)
        throw new DamagedPlist("it does not begin with <plist>");
      if (!isEmpty) open.push({ name, list: [], dict: new Map(), key: undefined });
      else if (name === "plist") return undefined;
      else put(name === "dict" ? new Map() : []);
      continue;
    }
    const content = isEmpty ? { text: "", end: at } : readContent(text, name, at);
    at = content.end;
    const parent = open.at(-1);
    if (name === "key" && parent?.name === "dict") parent.key = content.text;
    else put(parseElement(name, content.text));
  }
}

/** The text of an element that has no others, up to the end of its closing tag. */
function readContent(text: string, name: string, from: number): { text: string; end: number } {
  let content = "";
  let at = from;
  for (;;) {
    const next = text.indexOf("<", at);
    if (next < 0) throw new DamagedPlist("the file ends early");
    content += decodeEntities(text.slice(at, next));
    if (text.startsWith("<![CDATA[", next)) {
      at = endOf(text, "]]>", next);
      content += text.slice(next + "<![CDATA[".length, at - 3);
    } else if (text.startsWith("<!--", next)) {
      at = endOf(text, "-->", next + 4);
    } else {
      const end = endOf(text, ">", next);
      if (text.slice(next, end - 1).trimEnd() !== `</${name}`)
        throw new DamagedPlist("an element is in a text");
      return { text: content, end };
    }
  }
}

function parseElement(name: string, text: string): PlistValue {
  switch (name) {
    case "string":
      return text;
    case "true":
      return true;
    case "false":
      return false;
    case "integer":
    case "real":
      return Number(text.trim());
    case "date":
      return new Date(text.trim());
    case "data":
      return new Uint8Array(Buffer.from(text, "base64"));
    default:
      throw new DamagedPlist("it has an element of an unknown type");
  }
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  if (at < 0) throw new DamagedPlist("the file ends early");
  return at + mark.length;
}

function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,4}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
  });
}
