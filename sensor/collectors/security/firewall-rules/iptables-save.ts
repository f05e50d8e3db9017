// Counts the rules in the format of iptables-save(8), by table and chain.

export interface ChainRules {
  /** `filter INPUT`. */
  chain: string;
  /** Undefined for a chain that others jump to. */
  policy: string | undefined;
  rules: number;
}

export function countIptablesRules(text: string): ChainRules[] {
  const chains = new Map<string, ChainRules>();
  let table = "filter";
  const chainOf = (name: string) => {
    const chain = `${table} ${name}`;
    const known = chains.get(chain);
    if (known) return known;
    const made = { chain, policy: undefined, rules: 0 };
    chains.set(chain, made);
    return made;
  };
  for (const raw of text.split("\n")) {
    // A line may start with the counters of its rule.
    const [first = "", second = "", third = ""] = raw
      .trim()
      .replace(/^\[\d+:\d+\]\s*/, "")
      .split(/\s+/, 3);
    if (first.startsWith("*")) table = first.slice(1);
    else if (first.startsWith(":")) {
      const policy = first.length > 1 ? second : third;
      const chain = chainOf(first.slice(1));
      if (policy !== "-" && policy !== "") chain.policy = policy;
    } else if (first === "-A" || first === "-I" || first === "--append" || first === "--insert")
      chainOf(second).rules += 1;
  }
  return [...chains.values()];
}
