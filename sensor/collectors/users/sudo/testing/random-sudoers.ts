// Random sudoers files: mostly valid ones, ones with typical mistakes, and ones that are broken anywhere.
import fc from "fast-check";

export interface RandomSudoers {
  main: string;
  /** /etc/sudoers.extra */
  extra: string;
  /** Files in /etc/sudoers.d. */
  dropIns: Record<string, string>;
}

type Text = fc.Arbitrary<string>;
const one = (...texts: string[]): Text => fc.constantFrom(...texts);
/** The first texts are more likely than the second, and those more than the third. */
const mostly = (...groups: Text[]) =>
  fc.oneof(...groups.map((arbitrary, at) => ({ weight: [12, 4, 1][at] ?? 1, arbitrary })));
const words = (...parts: Text[]) => fc.tuple(...parts).map((all) => all.join(""));

const blank = mostly(one("", " ", " ", "\t"), one("  "), one(" \\\n ", "\\\n", " \\ \n\t", " \\\r\n"));
const mark = mostly(one(""), one("!"), one("!!", "!!!", "! "));
const list = (item: Text, maxLength = 3): Text =>
  fc
    .array(words(mark, item), { minLength: 1, maxLength })
    .chain((all) =>
      fc.array(blank, { minLength: all.length, maxLength: all.length }).map((blanks) => ({ all, blanks })),
    )
    .map(({ all, blanks }) =>
      all.map((each, at) => (at === 0 ? each : `${blanks[at]},${blanks[at - 1]}${each}`)).join(""),
    );

const USER_ALIASES = one("U1", "U2", "U_3", "OPS");
const RUN_AS_ALIASES = one("R1", "R2", "OPS");
const HOST_ALIASES = one("H1", "OPS");
const COMMAND_ALIASES = one("C1", "C2", "C3", "OPS");

const user = mostly(
  one("alice", "bob", "carol", "root", "dave", "Alice", "%wheel", "%staff", "%#10", "#1001", "%Wheel", "ALL"),
  fc.oneof(
    USER_ALIASES,
    one("+ng", "%:ads", '"alice"', '"%wheel"', "al\\ice", "\\x61lice", "#-1", "a.b-c", "bob\\,x"),
  ),
  one(
    "10.0.0.1",
    "sudoedit",
    "sha256",
    "/x",
    "%",
    "+",
    "NOPASSWD",
    "TIMEOUT",
    "fe80::1",
    '""',
    '"un',
    "@include",
    "PRIVS",
  ),
);
const runAsUser = mostly(
  one("root", "bob", "www", "ALL", "ALL", "Root", "#0", "#33"),
  fc.oneof(RUN_AS_ALIASES, one("%wheel", "#9999", "nosuch", '"www"')),
);
const host = mostly(
  one("ALL", "ALL", "ALL", "web-01", "WEB-01", "web*", "web-0[0-9]"),
  fc.oneof(HOST_ALIASES, one("db-01", "*.corp", "192.0.2.0/24", "10.0.0.0/255.0.0.0", "+hosts", '"web-01"')),
  one("192.0.2.300", "192.0.2.0/33", "::1", "1::2::3", "web-01.corp"),
);
const command = mostly(
  one(
    "ALL",
    "ALL",
    "/usr/bin/id",
    "/usr/bin/ls",
    "/usr/bin/env",
    "/usr/bin/true",
    "/usr/bin/ls -l",
    '/usr/bin/id ""',
  ),
  fc.oneof(
    COMMAND_ALIASES,
    one(
      "/usr/bin/",
      "/usr/bin/l*",
      "sudoedit /etc/hosts",
      "/usr/bin/sudoedit",
      "list",
      "^/usr/bin/(id|ls)$",
      "/usr/bin/ls ^-[la]+$",
    ),
    one(
      "/usr/bin/ls \\,\\:\\= x",
      "/usr/bin/id \\*",
      "/usr/bin/a\\ b c",
      "/usr/bin/ls a=b",
      "/usr/bin/ls a = b",
      "/usr/bin/ls !x",
    ),
  ),
  one(
    "ls",
    "/",
    "/usr/bin/l\\*s",
    "/usr/bin/ls #1",
    "^unfinished",
    "/usr/bin/ls ^x",
    "/usr/bin/ls \\x",
    "/usr/bin/ls(x)",
  ),
);
const SHA224 = "d7910e1967342b4605cb73a550944044c631cd3514001900966962ac";
const SHA256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
const digest = mostly(
  one(""),
  one("", `sha224:${SHA224} `),
  one(`sha256 : ${SHA256}= `, `sha224:${SHA224}, sha256:${SHA256} `, "sha224:abc "),
);
const digestCommand = words(digest, mark, command);
const tag = mostly(
  one("", "", "NOPASSWD:", "PASSWD: "),
  one(
    "NOPASSWD :",
    "NOPASSWD:SETENV:",
    "NOEXEC:",
    "LOG_OUTPUT:",
    "FOLLOW:",
    "SETENV : NOPASSWD\t: ",
    "NOPASSWD: PASSWD:",
  ),
  one("NOPASSWD", "nopasswd:", "FOO:", "INTERCEPT:"),
);
const option = mostly(
  one(""),
  one(
    "NOTAFTER=2020010100 ",
    "NOTBEFORE=20200101000000Z ",
    "NOTAFTER=20990101000000Z ",
    "TIMEOUT=1d2h ",
    "ROLE=a TYPE=b ",
    "CWD=* ",
  ),
  one(
    "NOTAFTER=x ",
    "NOTAFTER=20200101 ",
    "TIMEOUT=2h1d ",
    "CWD=tmp ",
    "FOO=x ",
    "CHROOT=/srv ",
    "NOTBEFORE=209901010000+0200 ",
  ),
);
const runAs = mostly(
  fc.oneof(one(""), words(one("("), list(runAsUser), one(")"))),
  words(
    one("("),
    list(runAsUser, 2),
    blank,
    one(":"),
    list(one("ALL", "staff", "wheel", "#10", "R1"), 2),
    one(")"),
  ),
  one("()", "(:)", "(:staff)", "(root:)", "(root", "(!root)"),
);
const spec = words(runAs, blank, option, tag, digestCommand);
const privilege = words(
  list(host, 2),
  blank,
  one("="),
  blank,
  fc.array(spec, { minLength: 1, maxLength: 3 }).map((all) => all.join(",")),
);
const rule = words(
  list(user),
  one(" ", "\t", " \\\n "),
  fc.array(privilege, { minLength: 1, maxLength: 2 }).map((all) => all.join(" : ")),
);
const alias = fc.oneof(
  words(one("User_Alias "), USER_ALIASES, one("="), list(user)),
  words(one("Runas_Alias "), RUN_AS_ALIASES, one(" = "), list(runAsUser)),
  words(one(" Host_Alias "), HOST_ALIASES, one("="), list(host)),
  words(
    one("Cmnd_Alias ", "Cmd_Alias\t"),
    COMMAND_ALIASES,
    one("="),
    list(digestCommand),
    mostly(one(""), one(":C1=ALL")),
  ),
);
const setting = one(
  "targetpw",
  "!targetpw",
  "rootpw",
  "runaspw",
  "!authenticate",
  "authenticate",
  "!requiretty",
  "env_reset",
  'env_keep += "A B"',
  "exempt_group=wheel",
  "!exempt_group",
  "!!targetpw",
  "nosuch",
  "rootpw=yes",
  "insults # x",
);
const scope = fc.oneof(
  one("", ""),
  words(one(":", ": "), list(user, 2)),
  words(one("@"), list(host, 2)),
  words(one(">"), list(runAsUser, 2)),
  words(one("!"), list(command, 2)),
);
const defaults = fc.oneof(
  words(
    one("Defaults", " Defaults"),
    scope,
    one(" ", "\t"),
    fc.array(setting, { minLength: 1, maxLength: 2 }).map((all) => all.join(" , ")),
  ),
  one("Defaults !case_insensitive_user", "Defaults runas_default=www", "Defaults !case_insensitive_group"),
);
const mistake = one(
  ...[
    "# a comment that ends in \\",
    "#include",
    "#-x",
    "",
    "\\",
    "junk",
    "alice ALL",
    "alice ALL=",
    ": x",
    "(",
    '"',
  ],
  ...["alice ALL = ALL : bob", "alice ALL=ALL :", "User_Alias U1 = alice bob", "User_Alias U2 = bob :"],
  ...[
    "alice ALL=/usr/bin/id : ALL = foo : ALL=/usr/bin/ls",
    "#1000 ALL=(root) /usr/bin/id",
    "bob ALL=ALL # trailing \\",
  ],
  ...[
    "@include",
    "@include /nonexistent",
    "User_Alias U1=U2:U2=U1",
    "alice ALL=ALL\r",
    "alice ALL=/usr/bin/id\r",
  ],
);
const include = one(
  ...[
    "@include /etc/sudoers.extra",
    "@includedir /etc/sudoers.d",
    "#includedir sudoers.d  # local",
    "#include sudoers.extra junk",
  ],
  ...[
    '@include "sudoers.extra"',
    "  @include sudoers.extra",
    "  #include sudoers.extra",
    "@include sud\\oers.extra",
    "@includedir sudoers.d\\",
  ],
);
const lines = (line: Text) =>
  words(
    fc.array(line, { minLength: 1, maxLength: 9 }).map((all) => all.join("\n")),
    one("\n", "\n", "", "\r\n", "\\"),
  );

/** Cuts or inserts characters. */
const broken = (text: Text) =>
  fc
    .tuple(
      text,
      fc.array(
        fc.tuple(
          fc.nat(),
          one("", " ", "\\", "\n", "\\\n", "#", ",", ":", "=", "!", "(", '"', "%", "@", "$", "A"),
        ),
        { maxLength: 3 },
      ),
    )
    .map(([whole, cuts]) =>
      cuts.reduce((rest, [place, inserted]) => {
        const at = place % (rest.length + 1);
        return rest.slice(0, at) + inserted + rest.slice(at + (inserted === "" ? 1 : 0));
      }, whole),
    );
const withBroken = (text: Text) =>
  fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: broken(text) });

const leaf = withBroken(lines(mostly(rule, fc.oneof(alias, defaults), mistake)))
  // A file that includes itself twice keeps sudo busy without end.
  .map((text) => text.replaceAll("include", "inclxde"));

export const randomSudoers: fc.Arbitrary<RandomSudoers> = fc.record({
  main: withBroken(lines(mostly(rule, fc.oneof(alias, defaults), fc.oneof(mistake, include)))),
  extra: leaf,
  dropIns: fc.dictionary(one("10-a", "20-b", "a~", "x.y", "90_c"), leaf, { maxKeys: 2 }),
});
