// Reads the elements and texts of an XML document, without namespaces, declarations and external entities. It
// reads each character once, and stops at its limits.

export interface XmlElement {
  /** Without the prefix of a namespace. */
  name: string;
  attributes: Record<string, string>;
  /** The text in the element itself. */
  text: string;
  children: XmlElement[];
}

const MAX_ELEMENTS = 20_000;
const MAX_DEPTH = 64;
const MAX_TAG_CHARS = 4_096;
const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** An element without a name that contains the document; undefined if it is not well-formed, or too large. */
export function parseXml(text: string): XmlElement | undefined {
  const root: XmlElement = { name: "", attributes: {}, text: "", children: [] };
  const open = [root];
  let count = 0;
  for (let at = 0; at < text.length; ) {
    const current = open.at(-1)!;
    const next = text.indexOf("<", at);
    const end = next < 0 ? text.length : next;
    current.text += decodeEntities(text.slice(at, end));
    if (next < 0) break;
    if (text.startsWith("<!--", next)) {
      at = after(text, "-->", next);
    } else if (text.startsWith("<![CDATA[", next)) {
      const close = text.indexOf("]]>", next);
      if (close < 0) return undefined;
      current.text += text.slice(next + "<![CDATA[".length, close);
      at = close + 3;
    } else if (text.startsWith("<?", next)) {
      at = after(text, "?>", next);
    } else if (text.startsWith("<!", next)) {
      // A declaration may define entities, which these documents do not need.
      return undefined;
    } else {
      const close = endOfTag(text, next);
      if (close < 0 || close - next > MAX_TAG_CHARS) return undefined;
      const tag = text.slice(next + 1, close);
      at = close + 1;
      if (tag.startsWith("/")) {
        if (open.length === 1 || localName(tag.slice(1).trim()) !== current.name) return undefined;
        open.pop();
        continue;
      }
      const isEmpty = tag.endsWith("/");
      const element = parseTag(isEmpty ? tag.slice(0, -1) : tag);
      count += 1;
      if (count > MAX_ELEMENTS || open.length > MAX_DEPTH) return undefined;
      current.children.push(element);
      if (!isEmpty) open.push(element);
    }
  }
  return open.length === 1 && root.children.length > 0 ? root : undefined;
}

/** Each element at the path, below the document. */
export function listXml(root: XmlElement, path: readonly string[]): XmlElement[] {
  let found = [root];
  for (const name of path)
    found = found.flatMap(({ children }) => children.filter((each) => each.name === name));
  return found;
}

export function findXmlText(root: XmlElement, path: readonly string[]): string | undefined {
  return listXml(root, path)[0]?.text;
}

function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + mark.length;
}

/** The `>` of a tag; not one in the value of an attribute. */
function endOfTag(text: string, from: number): number {
  let quote = "";
  for (let at = from + 1; at < text.length; at += 1) {
    const char = text[at]!;
    if (quote) quote = char === quote ? "" : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === ">") return at;
  }
  return -1;
}

function parseTag(tag: string): XmlElement {
  const name = /^[^\s]+/.exec(tag)?.[0] ?? "";
  const attributes: Record<string, string> = {};
  for (const [, key, double, single] of tag
    .slice(name.length)
    .matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
    attributes[localName(key!)] = decodeEntities(double ?? single ?? "");
  return { name: localName(name), attributes, text: "", children: [] };
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
  });
}
