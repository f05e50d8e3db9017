// Hosts with more files, lines or devices of a kind than any host has, apart from packages. See
// long-lists.ts.
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type HostileRoot, repeated } from "./hostile-roots.ts";
import { each, hex, MANY } from "./many.ts";
import { writeHostFile } from "./small-host.ts";

/** Self-signed, for a.example. */
const CERTIFICATE = Buffer.from(
  "MIIBljCCATugAwIBAgIUNQssk7Dj+w+cnQhwWmublTOh72AwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJYS5leGFtcGxlMCAXDTI2MTEyNjE0MzY1NVoYDzIxMjYxMTAyMTQzNjU1WjAUMRIwEAYDVQQDDAlhLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATZcILJGthWo8JMYLTnxiBrpKZh6Nwb+52aGeKTOxzj1QmjEm5HP2zyEqXCLjEhhUJYCEnSlpilnddTJoykpvmwo2kwZzAdBgNVHQ4EFgQU4DITknUumsqaR8iPYmKUERTcXmkwHwYDVR0jBBgwFoAU4DITknUumsqaR8iPYmKUERTcXmkwDwYDVR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglhLmV4YW1wbGUwCgYIKoZIzj0EAwIDSQAwRgIhAOQjJwZJXiI/1yFse7Vs9DLeFNTVK/AtLE+QGu1iK4tlAiEAsyBetpCMtHEFKN0t+7awdv6XA3n+1CdZxEqZsWMLA20=",
  "base64",
);

/** Its last bytes are of the signature, which no one checks, so that each has another fingerprint. */
function certificate(nth: number): string {
  CERTIFICATE.writeUInt32BE(nth, CERTIFICATE.length - 4);
  return `-----BEGIN CERTIFICATE-----\n${CERTIFICATE.toString("base64")}\n-----END CERTIFICATE-----\n`;
}

function makeCertificates(root: string): void {
  each(20_000, (nth) => writeHostFile(root, `etc/ssl/own/c${nth}.pem`, certificate(nth)));
  writeHostFile(root, "etc/pki/tls/certs/bundle.pem", repeated(3_000, certificate));
  writeHostFile(root, "etc/ssl/bundle.crt", repeated(50_000, certificate));
}

function makeImages(root: string): void {
  const store = "var/lib/docker/image/overlay2";
  const name = (nth: number) => `"i${nth}":{"i${nth}:1":"sha256:${hex(nth, 64)}"}`;
  each(MANY, (nth) => writeHostFile(root, `${store}/imagedb/content/sha256/${hex(nth, 64)}`, "{}"));
  writeHostFile(
    root,
    `${store}/repositories.json`,
    `{"Repositories":{${repeated(MANY, name).replaceAll("\n", ",")}}}`,
  );
  const part = (nth: number) => ({ id: hex(nth, 64), names: [`p${nth}`], created: "2026-01-01T00:00:00Z" });
  const parts = JSON.stringify(Array.from({ length: MANY / 2 }, (_, nth) => part(nth)));
  writeHostFile(root, "var/lib/containers/storage/overlay-containers/containers.json", parts);
  writeHostFile(root, "var/lib/containers/storage/overlay-images/images.json", parts);
}

function makeFirewallRules(root: string): void {
  const rule = (nth: number) => `-A INPUT -s 10.0.0.${nth % 256}/32 -p tcp -m tcp --dport ${nth} -j ACCEPT`;
  const chains = repeated(20_000, (nth) => `:c${nth} - [0:0]`);
  writeHostFile(
    root,
    "etc/iptables/rules.v4",
    `*filter\n:INPUT DROP [0:0]\n${chains}\n${repeated(MANY, rule)}\nCOMMIT\n`,
  );
  const accept = (nth: number) => `    ip saddr 10.0.0.${nth % 256} tcp dport { ${nth}, 80 } accept`;
  writeHostFile(
    root,
    "etc/nftables.conf",
    `table inet filter {\n  chain input {\n${repeated(MANY, accept)}\n  }\n}\ninclude "/etc/nftables.d/*"\n`,
  );
  each(MANY / 2, (nth) =>
    writeHostFile(root, `etc/nftables.d/${nth}`, `add rule inet filter c${nth} accept\n`),
  );
  writeHostFile(
    root,
    "etc/ufw/user.rules",
    repeated(MANY, (nth) => `### tuple ### allow tcp ${nth} 0.0.0.0/0 any 0.0.0.0/0 in`),
  );
  writeHostFile(root, "etc/firewalld/firewalld.conf", "DefaultZone=public\n");
  each(MANY / 2, (nth) =>
    writeHostFile(root, `etc/firewalld/zones/z${nth}.xml`, '<zone><service name="ssh"/></zone>'),
  );
}

function makeDescriptors(root: string): void {
  const rest = "00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0";
  const socket = (nth: number) => ` ${nth}: 0100007F:${hex(nth, 4).toUpperCase()} ${rest} ${nth} 1`;
  writeHostFile(root, "proc/net/tcp", `  sl  local_address\n${repeated(2_000, socket)}\n`);
  each(200, (nth) => {
    const folder = join(root, `proc/${nth + 2}`);
    mkdirSync(`${folder}/fd`, { recursive: true });
    symlinkSync(`/usr/bin/p${nth}`, `${folder}/exe`);
    each(1_000, (number) => symlinkSync(`socket:[${nth * 1_000 + number}]`, `${folder}/fd/${number}`));
  });
}

function makeJobs(root: string): void {
  each(MANY, (nth) => {
    writeHostFile(root, `var/spool/cron/crontabs/u${nth}`, "* * * * * /bin/true\n");
    writeHostFile(root, `etc/cron.daily/s${nth}`, "");
    chmodSync(join(root, `etc/cron.daily/s${nth}`), 0o755);
    if (nth < MANY / 2)
      writeHostFile(root, `var/spool/cron/atjobs/a${hex(nth, 5)}01c${hex(nth % 65_536, 5)}`, "");
  });
}

/** A record of a sign-in in wtmp: utmp(5). */
function signIn(nth: number): Buffer {
  const record = Buffer.alloc(384);
  record.writeInt16LE(7, 0);
  record.write(`u${nth}`, 44, "latin1");
  record.write(`host-${nth}.example.org`, 76, "latin1");
  record.writeInt32LE(1_700_000_000 + nth, 340);
  return record;
}

export const LONG_SETTING_ROOTS: HostileRoot[] = [
  {
    name: "20,000 certificates, and a bundle of 50,000",
    make: makeCertificates,
    gaps: { certificates: "files of certificates" },
  },
  {
    name: "60,000 images of Docker, and as many parts of Podman",
    make: makeImages,
    gaps: { containers: "images of Docker" },
  },
  {
    name: "60,000 rules of each firewall",
    make: makeFirewallRules,
    gaps: { security: "/etc/nftables.conf" },
  },
  { name: "200 processes with 1,000 open files each", make: makeDescriptors, counts: { ports: 1_999 } },
  {
    name: "60,000 crontabs, scripts and jobs of at",
    make: makeJobs,
    counts: { jobs: 2 * MANY + MANY / 2 + 2 },
  },
  {
    name: "60,000 set-uid files",
    make: (root) =>
      each(MANY, (nth) => {
        writeHostFile(root, `usr/bin/s${nth}`, "");
        chmodSync(join(root, `usr/bin/s${nth}`), 0o4755);
      }),
    gaps: { security: "set-uid files" },
  },
  {
    name: "60,000 scripts of services",
    make(root) {
      writeHostFile(root, "run/openrc/softlevel", "default\n");
      each(MANY, (nth) =>
        writeHostFile(
          root,
          `etc/init.d/s${nth}`,
          "#!/sbin/openrc-run\ndescription='A service'\ncommand=/bin/s\n",
        ),
      );
    },
    counts: { services: MANY },
  },
  {
    name: "60,000 sources of packages and services of PAM",
    make: (root) =>
      each(MANY, (nth) => {
        writeHostFile(
          root,
          `etc/apt/sources.list.d/s${nth}.list`,
          `deb http://deb.example.org/${nth} a main\n`,
        );
        if (nth % 2 === 0) writeHostFile(root, `etc/pam.d/s${nth}`, "@include common-password\n");
      }),
  },
  {
    name: "60,000 names, servers and addresses of the network",
    make(root) {
      writeHostFile(
        root,
        "etc/resolv.conf",
        repeated(MANY / 2, (nth) => `nameserver 10.1.${nth >> 8}.${nth % 256}`),
      );
      writeHostFile(
        root,
        "etc/hosts",
        repeated(MANY / 2, (nth) => `10.1.0.1 h${nth}.example.org h${nth}`),
      );
      writeHostFile(root, "sys/class/net/eth0/flags", "0x1003\n");
      writeHostFile(
        root,
        "proc/net/if_inet6",
        repeated(MANY / 3, (nth) => `fd00${hex(nth, 28)} 02 40 00 80 eth0`),
      );
      each(MANY / 2, (nth) =>
        writeHostFile(
          root,
          `proc/net/bonding/b${nth}`,
          "Slave Interface: e0\nPermanent HW addr: 02:00:00:00:00:01\n",
        ),
      );
    },
    gaps: { network: "DNS servers" },
  },
  {
    name: "60,000 accounts with sign-ins",
    hasFewFiles: true,
    make(root) {
      writeHostFile(
        root,
        "etc/passwd",
        `${repeated(MANY, (nth) => `u${nth}:x:${nth}:100::/home/u${nth}:/bin/sh`)}\n`,
      );
      writeHostFile(
        root,
        "var/log/wtmp",
        Buffer.concat(Array.from({ length: MANY }, (_, nth) => signIn(nth))),
      );
      const lastlog = Buffer.alloc(292 * MANY);
      each(MANY, (nth) => lastlog.writeInt32LE(1_700_000_001 + nth, 292 * nth));
      writeHostFile(root, "var/log/lastlog", lastlog);
    },
    counts: { users: MANY + 3 },
  },
  {
    name: "60,000 encrypted volumes and kernels",
    make(root) {
      writeHostFile(
        root,
        "etc/crypttab",
        repeated(MANY / 3, (nth) => `c${nth} /dev/sd${nth} none luks`),
      );
      writeHostFile(
        root,
        "proc/swaps",
        `Filename\n${repeated(MANY / 3, (nth) => `/dev/dm-${nth} partition 1 0 -2`)}`,
      );
      each(MANY, (nth) => {
        writeHostFile(root, `sys/block/dm-${nth}/dm/uuid`, `CRYPT-LUKS2-${nth}\n`);
        writeHostFile(root, `sys/block/dm-${nth}/dm/name`, `c${nth}\n`);
        writeHostFile(root, `boot/vmlinuz-6.1.${nth}`, "");
      });
    },
    gaps: { security: "/etc/crypttab", system: "kernels" },
  },
  {
    name: "60,000 rules and aliases of sudo",
    hasFewFiles: true,
    make(root) {
      const alias = (nth: number) =>
        `User_Alias U${nth} = u${nth}, u${nth + 1}\nCmnd_Alias C${nth} = /bin/c${nth}`;
      const rule = (nth: number) => `U${nth} ALL = (r${nth % 500}) NOPASSWD: C${nth}, !/bin/x${nth}`;
      writeHostFile(
        root,
        "etc/passwd",
        `${repeated(MANY, (nth) => `u${nth}:x:${nth}:100::/home/u${nth}:/bin/sh`)}\n`,
      );
      each(20, (part) =>
        writeHostFile(
          root,
          `etc/sudoers.d/f${part}`,
          repeated(MANY / 20, (nth) => `${alias(part * 3_000 + nth)}\n${rule(part * 3_000 + nth)}`),
        ),
      );
    },
    // Their evaluation takes more memory than a collector may.
    unharmed: ["packages", "services", "security", "system", "jobs"],
  },
];
