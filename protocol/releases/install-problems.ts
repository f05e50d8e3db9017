// Why the installation scripts stop, and what to do. A test compares the messages and hints with those of
// install.sh and install.ps1. Words in capitals are values of the host.

interface InstallProblem {
  /** Follows "Cannot install: ". */
  message: string;
  cause: string;
  fix: string;
}

const SHELL: InstallProblem[] = [
  {
    message: "OPTION needs a value.",
    cause: "A part of the command is missing.",
    fix: "Copy the whole command again.",
  },
  {
    message: "--token shows the token to every user of this host.",
    cause: "The process list shows arguments.",
    fix: "Write the token to a file that only root can read, and use --token-file FILE.",
  },
  {
    message: "no server was given.",
    cause: "The server does not know its own address, and the command names none.",
    fix: "Add --server https://attacklens.example.com.",
  },
  {
    message: "SERVER is not an https:// address.",
    cause: "Plain HTTP would show the token to the network.",
    fix: "Add --server https://attacklens.example.com.",
  },
  {
    message: "the pin in the command is not the pin of this server (PINS).",
    cause: "The private CA was replaced, or another server replies.",
    fix: "Copy the command again from the console. If the pins still differ, the command or the server is not yours.",
  },
  {
    message: "the sensor is a system service, so this must run as root.",
    cause: "The shell is that of another user, and there is no sudo.",
    fix: "Open a root shell, for example with sudo -i, and run the command again.",
  },
  {
    message: "this host's clock says TIME UTC, before this release was made.",
    cause: "The clock is wrong, so no certificate can be checked.",
    fix: "Set the clock, for example with timedatectl set-ntp true, and run the command again.",
  },
  {
    message: "no service manager runs here. The sensor needs systemd or OpenRC.",
    cause: "The command runs in a container, in a chroot or while an image is built.",
    fix: "In a container, install the sensor on the container's host instead. The deployment guide has a DaemonSet.",
  },
  {
    message: "the server has no sensor for TARGET in release VERSION.",
    cause: "The operator of the server has not added the program for this system.",
    fix: "On the server's host, add it: attacklens releases add FOLDER.",
  },
  {
    message: "nothing can be written to FOLDER. Its file system is full or read-only.",
    cause: "The disk is full, or the system is immutable.",
    fix: "Free some space (df FOLDER), or make it writable. On an immutable system, add the sensor to its image.",
  },
  {
    message: "the file system of FOLDER is full.",
    cause: "The installation needs space for two copies of the program.",
    fix: "Free NUMBER MB there: df FOLDER shows its use. Then run the command again.",
  },
  {
    message: "this system has neither curl nor wget.",
    cause: "A minimal system without apt has no program for downloads.",
    fix: "Install one: apt-get install curl, dnf install curl or apk add curl.",
  },
  {
    message: "SERVER is busy: it replied with status STATUS.",
    cause: "Too many hosts download at the same time.",
    fix: "Run the command again in a few minutes.",
  },
  {
    message: "the proxy refused the connection to SERVER with status STATUS.",
    cause: "The proxy asks for credentials, or does not allow the address.",
    fix: "Status 407 asks for credentials: --proxy http://USER:PASSWORD@PROXY:PORT. Otherwise allow SERVER there.",
  },
  {
    message: "the download of URL failed. This wget is a small one, which lacks TLS settings and proxies.",
    cause: "The wget of busybox is the only program for downloads.",
    fix: "Install curl, for example with apk add curl, and run the command again.",
  },
  {
    message: "the download of URL failed.",
    cause: "The downloader of apt names the reason above.",
    fix: "Check the address, the proxy, and this host's clock: TIME UTC.",
  },
  {
    message: "SERVER refused the download of FILE.",
    cause: "The server offers another release than when the script was made.",
    fix: "The server may have another release now. Download the script again.",
  },
  {
    message: "the certificate of SERVER is not trusted. This host's clock says TIME UTC.",
    cause: "The clock is wrong, or something between host and server replaces the certificate.",
    fix: "Set the clock if it is wrong. Otherwise a proxy that inspects TLS, or another server, replies.",
  },
  {
    message: "SERVER cannot be reached.",
    cause: "The name, a route or a firewall is wrong, or the network needs a proxy.",
    fix: "Check the address and the firewall. If hosts need a proxy, add --proxy http://PROXY:PORT.",
  },
  {
    message: "the download of URL failed (code STATUS of the download tool).",
    cause: "The message of curl or wget is above.",
    fix: "Run the command again. If hosts need a proxy, add --proxy http://PROXY:PORT, with USER:PASSWORD@ if it asks.",
  },
  {
    message: "the SHA-256 of FILE is HASH, not HASH. Nothing was run.",
    cause: "Something between host and server changed the program.",
    fix: "The download was changed or is damaged. Run the command again. If it happens again, check the proxy and the server.",
  },
  {
    message: "the sensor for TARGET does not fit this system: its C library is missing.",
    cause: "The system has an unusual C library.",
    fix: "Report this with the output of: ldd --version; uname -a.",
  },
  {
    message: "this processor lacks instructions that the sensor needs (SSE4.2, POPCNT).",
    cause: "The processor is from before 2010, or a virtual machine hides what it has.",
    fix: "In a virtual machine, choose a newer processor type, for example host or x86-64-v2.",
  },
  {
    message: "SELinux does not let programs in FOLDER run.",
    cause: "A policy of this host refuses programs there.",
    fix: "Use the .rpm package: its program is in /usr/bin.",
  },
  {
    message: "the system does not let programs in FOLDER run. It may be mounted with noexec.",
    cause: "The file system is mounted with noexec.",
    fix: "See mount | grep noexec. Mount it with exec, or put /var/lib/attacklens-sensor on a file system that has exec.",
  },
  {
    message: "the sensor does not start: MESSAGE",
    cause: "The system refuses the program for a reason that the message names.",
    fix: "Report this with the output of: uname -a; cat /etc/os-release.",
  },
  {
    message: "no enrollment token was given, and there is no terminal to ask for one.",
    cause: "A tool runs the command, and passes no token.",
    fix: "Add --token-file FILE, or set the variable ATTACKLENS_TOKEN.",
  },
];

const POWERSHELL: InstallProblem[] = [
  {
    message: "this is a 32-bit PowerShell.",
    cause: "A management tool started the 32-bit PowerShell.",
    fix: 'Run the script in 64-bit PowerShell. In Intune, set "Run script in 64-bit PowerShell" to Yes.',
  },
  {
    message: "there is no sensor for 32-bit Windows.",
    cause: "The program needs a 64-bit system.",
    fix: "Use a 64-bit Windows.",
  },
  {
    message: "the sensor is a system service, so this must run as an administrator.",
    cause: "PowerShell was opened without elevation.",
    fix: 'Open PowerShell with "Run as administrator", and run the command again.',
  },
  {
    message: "no server was given.",
    cause: "The server does not know its own address, and the command names none.",
    fix: "Add -Server https://attacklens.example.com.",
  },
  {
    message: "SERVER is not an https:// address.",
    cause: "Plain HTTP would show the token to the network.",
    fix: "Add -Server https://attacklens.example.com.",
  },
  {
    message: "the pin in the command is not the pin of this server.",
    cause: "The private CA was replaced, or another server replies.",
    fix: "Copy the command again from the console. If the pins still differ, the command or the server is not yours.",
  },
  {
    message: "the server has no sensor for TARGET in release VERSION.",
    cause: "The operator of the server has not added the program for Windows.",
    fix: "On the host of the server, add it: attacklens releases add FOLDER.",
  },
  {
    message: "the drive DRIVE is full.",
    cause: "The installation needs space for two copies of the program.",
    fix: "Free NUMBER MB there, and run the command again.",
  },
  {
    message: "the download of URL failed (curl code STATUS).",
    cause: "The message of curl is above.",
    fix: "Check the address, the clock and the firewall. If hosts need a proxy, add -Proxy http://PROXY:PORT.",
  },
  {
    message: "this Windows has no curl.exe, which a server with a private CA needs.",
    cause: "This version of Windows is too old.",
    fix: "Use Windows 10 version 1809, Windows Server 2019 or later.",
  },
  {
    message: "the download of URL failed: MESSAGE",
    cause: "Windows names the reason.",
    fix: "Check the address, the clock and the firewall. If hosts need a proxy, add -Proxy http://PROXY:PORT.",
  },
  {
    message: "the SHA-256 of FILE is HASH, not HASH. Nothing was run.",
    cause: "Something between host and server changed the program.",
    fix: "The download was changed or is damaged. Run the command again. If it happens again, check the proxy and the server.",
  },
  {
    message: "no enrollment token was given, and there is no user to ask for one.",
    cause: "A tool runs the script, and passes no token.",
    fix: "Add -TokenFile FILE, or set the variable ATTACKLENS_TOKEN.",
  },
];

export const INSTALL_PROBLEMS = { shell: SHELL, powershell: POWERSHELL } as const;
