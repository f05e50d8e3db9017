// The oracle is `openssl x509`, which also makes the certificates.
import { afterAll, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { rootCertificates } from "node:tls";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { runCollector } from "../collect.ts";
import { openHostFiles } from "../host-files.ts";
import { collectCertificates } from "./certificates.ts";
import { settingsIn } from "./named-files.ts";
import { parseCertificateFile } from "./parse-certificate.ts";

const openssl = Bun.which("openssl");
const folder = mkdtempSync(join(tmpdir(), "attacklens-certificates-"));
afterAll(() => rmSync(folder, { recursive: true }));

function makeCertificate(name: string, ...options: string[]): string {
  const path = join(folder, `${name}.pem`);
  const made = Bun.spawnSync([
    ...["openssl", "req", "-x509", "-nodes", "-keyout", join(folder, `${name}.key`), "-out", path],
    ...["-days", "20000", "-subj", `/C=DE/O=Ex, "Inc"/CN=${name}.example`, ...options],
  ]);
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  return path;
}

const KINDS: [string, string[], string, number | undefined][] = [
  [
    "rsa",
    ["-newkey", "rsa:2048", "-addext", "subjectAltName=DNS:a.example,DNS:*.b.example,IP:10.0.0.1,IP:fd00::1"],
    "rsa",
    2048,
  ],
  ["ec", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "ec", 384],
  ["ed25519", ["-newkey", "ed25519"], "ed25519", undefined],
];

test.skipIf(!openssl).each(KINDS)(
  `a certificate with a key of %s matches openssl${openssl ? "" : " (skipped: no openssl)"}`,
  (name, options, type, bits) => {
    const path = makeCertificate(name, ...options);
    const field = (option: string) =>
      Bun.spawnSync([
        "openssl",
        "x509",
        "-in",
        path,
        "-noout",
        option,
        ...(option.includes("date") ? ["-dateopt", "iso_8601"] : []),
      ])
        .stdout.toString()
        .trim()
        .replace(/^.*?=/, "");
    const facts = parseCertificateFile(readFileSync(path));
    if (typeof facts === "string") throw new Error(facts);
    expect(facts).toMatchObject({
      name: `${name}.example`,
      keyType: type,
      keyBits: bits,
      selfSigned: true,
      authority: true,
    });
    expect(facts.serialNumber.toUpperCase()).toBe(field("-serial"));
    expect(facts.notAfter).toBe(field("-enddate").replace(" ", "T"));
    expect(facts.notBefore).toBe(field("-startdate").replace(" ", "T"));
    const fingerprint = Bun.spawnSync([
      "openssl",
      "x509",
      "-in",
      path,
      "-noout",
      "-fingerprint",
      "-sha256",
    ]).stdout.toString();
    expect(fingerprint.trim().replace(/^.*=/, "").replaceAll(":", "").toLowerCase()).toBe(facts.fingerprint);
    if (name === "rsa")
      expect(facts.alternativeNames).toEqual(["a.example", "*.b.example", "10.0.0.1", "fd00::1"]);
    const der = Bun.spawnSync(["openssl", "x509", "-in", path, "-outform", "DER"]).stdout;
    expect(parseCertificateFile(der)).toEqual(facts);
  },
);

/** What the runtime's own parser says. */
function factsOfRuntime(bytes: string | Buffer) {
  const certificate = new X509Certificate(bytes);
  const iso = (date: Date) => date.toISOString().replace(".000Z", "Z");
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  // Undefined for an empty name. It has no name for one kind of part.
  const nameOf = (text: string | undefined) =>
    (text ?? "").replaceAll("\n", ", ").replace("2.5.4.97=", "organizationIdentifier=");
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    serialNumber: certificate.serialNumber.toLowerCase(),
    fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
    notBefore: iso(certificate.validFromDate),
    notAfter: iso(certificate.validToDate),
    keyType: asymmetricKeyType,
    ...(asymmetricKeyDetails?.modulusLength ? { keyBits: asymmetricKeyDetails.modulusLength } : {}),
    authority: certificate.ca,
  };
}

test("the roots of the runtime have the facts that its own parser finds", () => {
  expect(rootCertificates.length).toBeGreaterThan(100);
  for (const pem of rootCertificates)
    expect(parseCertificateFile(Buffer.from(pem))).toMatchObject(factsOfRuntime(pem));
});

/** A name, options of `openssl req`, and the encoding of texts. */
const NAMES: [string, string[], string][] = [
  ["special characters", ["-utf8", "-subj", '/O=#1, "Ex" <+>;\\\\ /CN= Zoë 名'], "default"],
  ["several parts together", ["-multivalue-rdn", "-subj", "/O=Ex+OU=Unit/CN=both"], "default"],
  ["no name", ["-subj", "/"], "default"],
  ["characters of two bytes", ["-utf8", "-subj", "/CN=名前"], "MASK:0x800"],
  [
    "unusual parts",
    ["-subj", "/DC=ex/UID=7/emailAddress=a@ex/serialNumber=1/1.2.3.4=x/street=S/GN=G"],
    "default",
  ],
  ["no authority", ["-subj", "/CN=leaf", "-addext", "basicConstraints=CA:FALSE"], "default"],
  ["a key that may not certify", ["-subj", "/CN=leaf", "-addext", "keyUsage=digitalSignature"], "default"],
  ["a negative serial number", ["-subj", "/CN=minus", "-set_serial", "-255"], "default"],
  ["a short serial number", ["-subj", "/CN=one", "-set_serial", "1"], "default"],
  ["a serial number of zero", ["-subj", "/CN=zero", "-set_serial", "0"], "default"],
  ["years before 2050 and after", ["-subj", "/CN=long", "-days", "99999"], "default"],
];

test.skipIf(!openssl).each(NAMES)(
  "a certificate with %s has the facts of the runtime",
  (name, options, mask) => {
    const config = join(folder, "names.cnf");
    writeFileSync(
      config,
      [
        "[req]",
        "distinguished_name = dn",
        "x509_extensions = ca",
        `string_mask = ${mask}`,
        "[dn]",
        "[ca]",
        "basicConstraints = CA:TRUE",
        "",
      ].join("\n"),
    );
    const isLeaf = options.includes("basicConstraints=CA:FALSE");
    const extensions = isLeaf ? ["-extensions", "dn"] : [];
    const path = makeCertificate(
      name.replaceAll(" ", "-"),
      "-config",
      config,
      ...extensions,
      "-newkey",
      "ed25519",
      ...options,
    );
    const pem = readFileSync(path);
    expect(parseCertificateFile(pem)).toMatchObject(factsOfRuntime(pem));
  },
);

test.skipIf(!openssl)("a damaged byte never fails in another way", () => {
  makeCertificate("byte", "-newkey", "ed25519", "-addext", "subjectAltName=DNS:a,IP:::1,URI:x:y,email:z");
  const der = Bun.spawnSync(["openssl", "x509", "-in", join(folder, "byte.pem"), "-outform", "DER"]).stdout;
  for (let at = 0; at < der.length; at += 1)
    for (const byte of [0x00, 0x30, 0x7f, 0x84, 0xff]) {
      const damaged = Buffer.from(der);
      damaged[at] = byte;
      const found = parseCertificateFile(damaged);
      if (typeof found === "string") expect(["none", "damaged"]).toContain(found);
      else expect(found.fingerprint).toHaveLength(64);
    }
});

test.skipIf(!openssl)("a file that is cut at any byte is damaged or has no certificate", () => {
  const pem = readFileSync(makeCertificate("cut", "-newkey", "ed25519"));
  const der = Bun.spawnSync(["openssl", "x509", "-in", join(folder, "cut.pem"), "-outform", "DER"]).stdout;
  for (const bytes of [pem, der])
    for (let end = 0; end < bytes.length - 30; end += 1) {
      const found = parseCertificateFile(bytes.subarray(0, end));
      expect(["none", "damaged"]).toContain(typeof found === "string" ? found : "a certificate");
    }
});

test.each([
  [
    "statement",
    ["ssl_certificate"],
    "server { ssl_certificate /a.pem; ssl_certificate_key /a.key; }",
    ["/a.pem"],
  ],
  ["statement", ["ssl_certificate"], "ssl_certificate 'b c.pem'; # ssl_certificate /no.pem;", ["b c.pem"]],
  [
    "statement",
    ["ssl_certificate"],
    "  # ssl_certificate /no.pem;\n ssl_certificate $ssl_server_name.pem;",
    [],
  ],
  ["line", ["sslcertificatefile"], '  SSLCertificateFile "/a b.pem"\nSSLCertificateKeyFile /k', ["/a b.pem"]],
  ["line", ["smtpd_tls_chain_files"], "smtpd_tls_chain_files = /a.pem, /b.pem", ["/a.pem", "/b.pem"]],
  [
    "line",
    ["ssl_cert"],
    "ssl_cert = </etc/dovecot/private/dovecot.pem",
    ["/etc/dovecot/private/dovecot.pem"],
  ],
  ["line", ["ssl_cert_file"], "#ssl_cert_file = 'no'\nssl_cert_file = 'server.crt' # x", ["server.crt"]],
  [
    "words",
    ["crt"],
    "bind :443 ssl crt /etc/haproxy/certs crt /b.pem alpn h2",
    ["/etc/haproxy/certs", "/b.pem"],
  ],
  ["words", ["cert"], "https_port 3129 cert=/a.pem key=/k", ["/a.pem"]],
] as const)("finds the files in the style %s: %j in %j", (style, settings, text, values) => {
  expect(settingsIn(text, { style, settings: [...settings] }).map(({ value }) => value)).toEqual([...values]);
});

test.skipIf(!openssl)(
  "finds each certificate once, with the programs that use it, and no trusted root",
  () => {
    const used = makeCertificate("used", "-newkey", "ed25519");
    const idle = makeCertificate("idle", "-newkey", "ed25519");
    const root = makeCertificate("root", "-newkey", "ed25519");
    using host = makeRoot(
      [
        ...["-- /etc/nginx/nginx.conf", "http { include sites-enabled/*; include /etc/nginx/nginx.conf; }"],
        ...[
          "-- /etc/nginx/sites-enabled/a",
          "server { ssl_certificate ../letsencrypt/live/a/fullchain.pem; }",
        ],
        ...["-- /etc/haproxy/haproxy.cfg", "  bind :443 ssl crt /srv/certs/"],
        ...[
          "-- /etc/postfix/main.cf",
          "smtpd_tls_chain_files =",
          "  /srv/missing.pem,",
          "  /srv/certs/site.pem",
          "smtpd_tls_key_file=/srv/a.key",
        ],
        ...[
          "-- /etc/ssl/private/broken.pem",
          "-----BEGIN CERTIFICATE-----",
          "AAAA",
          "-----END CERTIFICATE-----",
        ],
        ...["-- /etc/ssl/private/key.pem", "-----BEGIN PRIVATE KEY-----", "hunter2", ""],
      ].join("\n"),
    );
    const place = (path: string, ...from: string[]) => {
      mkdirSync(dirname(join(host.root, path)), { recursive: true });
      writeFileSync(join(host.root, path), Buffer.concat(from.map((each) => readFileSync(each))));
    };
    place("etc/letsencrypt/archive/a/fullchain1.pem", used, root);
    mkdirSync(join(host.root, "etc/letsencrypt/live/a"), { recursive: true });
    symlinkSync("../../archive/a/fullchain1.pem", join(host.root, "etc/letsencrypt/live/a/fullchain.pem"));
    // A file for HAProxy has the key, too.
    place("srv/certs/site.pem", join(folder, "used.key"), used, root);
    place("etc/ssl/idle.crt", idle);
    place("usr/share/ca-certificates/root.crt", root);
    mkdirSync(join(host.root, "etc/ssl/certs"), { recursive: true });
    symlinkSync("/usr/share/ca-certificates/root.crt", join(host.root, "etc/ssl/certs/root.pem"));
    place("etc/ssl/certs/ca-certificates.crt", ...Array<string>(20).fill(root));
    copyFileSync(idle, join(host.root, "etc/ssl/certs/snakeoil.pem"));
    const files = openHostFiles(host.root);
    const found = [...collectCertificates(files)];
    expect(found.map(({ name, path, usedBy }) => [name, path, usedBy])).toEqual([
      ["used.example", "/etc/letsencrypt/live/a/fullchain.pem", ["haproxy", "nginx", "postfix"]],
      ["idle.example", "/etc/ssl/certs/snakeoil.pem", []],
    ]);
    expect(files.listGaps()).toEqual([
      { kind: "damaged", subject: "/etc/ssl/private/broken.pem", reason: "no valid certificate" },
    ]);
    expect(JSON.stringify(found)).not.toContain("PRIVATE");
  },
);

test("files that include each other many times, and cannot be read, cost no more than a moment", async () => {
  const includes = "include /etc/nginx/*; ssl_certificate /srv/x.pem;\n".repeat(200);
  const names = Array.from({ length: 200 }, (_, index) => `-- /etc/nginx/${index}.conf\n${includes}`);
  using host = makeRoot(["-- /etc/nginx/nginx.conf", includes, ...names, "-- /srv/x.pem/", ""].join("\n"));
  const result = await runCollector(collectCertificates, host.root);
  expect(result).toMatchObject({ status: "absent", durationMs: expect.any(Number) });
  using blocked = makeRoot("-- /etc/nginx/nginx.conf/\n");
  expect(await runCollector(collectCertificates, blocked.root)).toMatchObject({
    status: "collected",
    items: [],
    gaps: [{ subject: "/etc/nginx/nginx.conf" }],
  });
});
