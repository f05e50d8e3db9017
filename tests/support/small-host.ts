// The files of a host with a few packages, accounts and services. The sensor collects them in a tenth of the
// CPU that the machine of the tests takes, where thousands of packages are installed.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const SMALL_HOSTNAME = "web-01";

/** By path. Each category has something to collect. */
export const SMALL_HOST: Record<string, string> = {
  "etc/os-release": 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n',
  "etc/hostname": `${SMALL_HOSTNAME}\n`,
  "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000:Ada:/home/ada:/bin/bash\n",
  "etc/group": "root:x:0:\nsudo:x:27:ada\nada:x:1000:\n",
  "etc/shadow": "root:*:19000:0:99999:7:::\nada:!:19000:0:99999:7:::\n",
  "etc/sudoers": "root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
  "etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no\n",
  "etc/login.defs": "UMASK 077\nENCRYPT_METHOD SHA512\n",
  "etc/pam.d/common-password": "password required pam_unix.so yescrypt\n",
  "etc/crontab": "17 * * * * root /bin/true\n",
  "etc/resolv.conf": "nameserver 192.0.2.1\n",
  "etc/fstab": "/dev/sda1 / ext4 defaults 0 1\n",
  "etc/apt/sources.list": "deb http://deb.debian.org/debian bookworm main\n",
  "etc/ssl/certs/a.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
  "root/.ssh/authorized_keys": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA root\n",
  "usr/sbin/sshd": "",
  "usr/bin/sudo": "",
  "usr/lib/systemd/systemd": "",
  "usr/lib/systemd/system/a.service": "[Service]\nExecStart=/usr/bin/a\n",
  "usr/lib/systemd/system/a.timer": "[Timer]\nOnCalendar=daily\n",
  "var/lib/dpkg/status": "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n",
  "lib/apk/db/installed": "P:b\nV:1\nA:x86_64\n\n",
  "var/lib/pacman/local/a-1/desc": "%NAME%\na\n\n%VERSION%\n1\n",
  "usr/lib/python3/dist-packages/a-1.dist-info/METADATA": "Name: a\nVersion: 1\n",
  "usr/lib/node_modules/a/package.json": '{"name":"a","version":"1.0.0"}',
  "var/lib/docker/containers/1/config.v2.json": '{"ID":"1","Name":"/a"}',
  "var/lib/docker/image/overlay2/repositories.json": "{}",
  "proc/cpuinfo": "processor\t: 0\nmodel name\t: A\n",
  "proc/meminfo": "MemTotal: 1024 kB\n",
  "proc/net/tcp": "  sl  local_address\n",
  "proc/self/mountinfo": "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n",
};

export function writeHostFile(root: string, path: string, content: string | Uint8Array): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

export function makeSmallHost(root: string): void {
  for (const [path, content] of Object.entries(SMALL_HOST)) writeHostFile(root, path, content);
}

/** Returns the arguments with which the sensor reports a small host, whose files are in the folder. */
export function onSmallHost(folder: string): string[] {
  const root = join(folder, "small-host");
  if (!existsSync(root)) makeSmallHost(root);
  return ["--root", root];
}
