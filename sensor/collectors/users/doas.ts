// The rules of doas.conf(5), a smaller alternative to sudo on Alpine and OpenBSD.
import type { RootRule } from "./sudoers.ts";

/**
 * Returns the rules that grant root, with groups in the notation of sudoers. A `deny` rule revokes the
 * earlier grants of the same identity.
 */
export function parseDoasRules(text: string): RootRule[] {
  const rules: RootRule[] = [];
  for (const line of text.split("\n")) {
    const words = (line.split("#", 1)[0] ?? "")
      .replace(/\{[^}]*\}/g, "")
      .trim()
      .split(/\s+/);
    const action = words.shift();
    if (action !== "permit" && action !== "deny") continue;
    const options: string[] = [];
    while (["nopass", "nolog", "persist", "keepenv", "setenv"].includes(words[0] ?? ""))
      options.push(words.shift() ?? "");
    const [identity, ...rest] = words;
    if (identity === undefined) continue;
    const target = rest[0] === "as" ? rest[1] : undefined;
    if (target !== undefined && target !== "root") continue;
    const command = rest.indexOf("cmd") >= 0 ? rest.slice(rest.indexOf("cmd") + 1).join(" ") : "ALL";
    const user = identity.replace(/^:/, "%");
    // The last matching rule applies.
    if (action === "deny" && command === "ALL")
      rules.splice(0, rules.length, ...rules.filter(({ users }) => users[0] !== user));
    else if (action === "permit")
      rules.push({ users: [user], grant: options.includes("nopass") ? `nopass ${command}` : command });
  }
  return rules;
}
