// Counts the rules in a file of nft(8), by table and chain. A file may add to a chain in several places.
import type { ChainRules } from "./iptables-save.ts";

export interface NftRules {
  chains: (ChainRules & { hook: string | undefined })[];
  includes: string[];
}

interface Block {
  kind: "table" | "chain" | "other";
  name: string;
  /** That it is in. */
  table: string | undefined;
}

export function countNftRules(text: string): NftRules {
  const chains = new Map<string, NftRules["chains"][number]>();
  const includes: string[] = [];
  const blocks: Block[] = [];
  const chainOf = (chain: string) => {
    const known = chains.get(chain);
    if (known) return known;
    const made = { chain, policy: undefined, hook: undefined, rules: 0 };
    chains.set(chain, made);
    return made;
  };
  // In a chain, braces are around values, not around a block.
  const canOpenBlock = () => blocks.at(-1)?.kind !== "chain";
  for (const { text: statement, end } of statementsOf(text, canOpenBlock)) {
    const words = statement.split(/\s+/).filter(Boolean);
    const inner = blocks.at(-1);
    if (end === "{") {
      const block = blockOf(words, inner?.table);
      blocks.push(block);
      if (block.kind === "chain") chainOf(block.name);
      continue;
    }
    if (inner?.kind === "chain") addToChain(chainOf(inner.name), words);
    else if (inner === undefined) addCommand(words, chainOf, includes);
    if (end === "}") blocks.pop();
  }
  return { chains: [...chains.values()], includes };
}

function blockOf(words: readonly string[], table: string | undefined): Block {
  const [first, second, third] = words[0] === "add" || words[0] === "create" ? words.slice(1) : words;
  if (first === "table") {
    const name = third === undefined ? `ip ${second}` : `${second} ${third}`;
    return { kind: "table", name, table: name };
  }
  return first === "chain" && table !== undefined
    ? { kind: "chain", name: `${table} ${second}`, table }
    : { kind: "other", name: "", table };
}

type Chain = NftRules["chains"][number];

/** `type filter hook input priority 0` and `policy drop` are properties of the chain, the rest are rules. */
function addToChain(chain: Chain, words: readonly string[]): void {
  const [first, second] = words;
  if (first === undefined || first === "comment" || first === "devices" || first === "flags") return;
  if (first === "type") {
    const hook = words.indexOf("hook");
    if (hook >= 0) chain.hook = words[hook + 1];
  } else if (first === "policy") chain.policy = second;
  else chain.rules += 1;
}

/** `add rule inet filter input …` outside of a block. */
function addCommand(words: readonly string[], chainOf: (name: string) => Chain, includes: string[]): void {
  const [first, second, ...rest] = words;
  if (first === "include") includes.push((second ?? "").replace(/^["']|["']$/g, ""));
  else if ((first === "add" || first === "insert") && second === "rule") {
    const families = ["ip", "ip6", "inet", "arp", "bridge", "netdev"];
    const [family, table, chain] = families.includes(rest[0] ?? "") ? rest : ["ip", ...rest];
    if (table !== undefined && chain !== undefined) chainOf(`${family} ${table} ${chain}`).rules += 1;
  } else if (first === "flush" && second === "ruleset") includes.length = 0;
}

/**
 * Statements end at a line, a semicolon, or the start or end of a block. A set of values, `{ 22, 80 }`, is
 * part of its statement: a block follows the name of a table, a chain or the like.
 */
function* statementsOf(
  text: string,
  canOpenBlock: () => boolean,
): Generator<{ text: string; end: "\n" | "{" | "}" }> {
  let statement = "";
  let values = 0;
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    if (quote !== "") {
      statement += char;
      if (char === quote || char === "\n") quote = "";
    } else if (char === '"' || char === "'") {
      statement += char;
      quote = char;
    } else if (char === "#") {
      while (at + 1 < text.length && text[at + 1] !== "\n") at += 1;
    } else if (char === "\\" && text[at + 1] === "\n") at += 1;
    else if (char === "{" && (values > 0 || !canOpenBlock() || !opensBlock(statement))) {
      values += 1;
      statement += char;
    } else if (char === "}" && values > 0) {
      values -= 1;
      statement += char;
    } else if (char === "{" || char === "}") {
      yield { text: statement, end: char };
      statement = "";
    } else if ((char === "\n" || char === ";") && values === 0) {
      yield { text: statement, end: "\n" };
      statement = "";
    } else statement += char;
  }
}

const BLOCKS =
  /^\s*(?:(?:add|create)\s+)?(?:table|chain|set|map|flowtable|counter|quota|limit|secmark|synproxy|ct (?:helper|timeout|expectation))\s+[\w$ .-]+$/;

function opensBlock(statement: string): boolean {
  return statement.length < 500 && BLOCKS.test(statement);
}
