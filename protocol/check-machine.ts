// Shell functions that say whether a program runs on a machine. The installation script and the packages
// contain them. A program that cannot run ends before its first line, with "Illegal instruction" or a message
// of the loader, so only the shell can name the reason.

/**
 * Two POSIX shell functions. Both use no variable of their caller.
 *
 * - `find_target` prints the target of the programs for this machine, e.g. `linux-x64-musl`.
 * - `check_machine TARGET` checks whether programs for the target run here. It prints nothing if they do.
 *
 * If no program runs here, both return 1 and print two lines: a sentence with the reason, and `hint:` with
 * the next step.
 */
export const CHECK_MACHINE = String.raw`
find_target() (
  case $(uname -s) in
    Linux) system=linux ;;
    Darwin) system=darwin ;;
    *)
      echo "There is no program for $(uname -s)."
      echo "hint: use Linux, macOS or Windows"
      return 1
      ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *)
      echo "There is no program for the CPU type $(uname -m)."
      echo "hint: use a machine with a 64-bit x86 or ARM system"
      return 1
      ;;
  esac
  if [ "$system" = linux ] && [ -z "$(glibc_version)" ]; then
    for loader in /lib/ld-musl-*; do
      if [ -e "$loader" ]; then cpu=$cpu-musl; fi
    done
  fi
  echo "$system-$cpu"
)

check_machine() (
  case $1 in
    linux-x64*) machine=x86_64 loader=/lib64/ld-linux-x86-64.so.2 ;;
    linux-arm64*) machine=aarch64 loader=/lib/ld-linux-aarch64.so.1 ;;
    *) return 0 ;;
  esac
  if [ "$(uname -m)" != "$machine" ]; then
    echo "The program is for the CPU type $machine, and this machine is $(uname -m)."
    echo "hint: install the program for $(uname -m)"
    return 1
  fi
  if [ "$machine" = x86_64 ]; then
    flags=$(sed -n 's/^flags[^:]*://p' /proc/cpuinfo 2>/dev/null | head -n 1)
    for flag in sse4_2 popcnt; do
      # Without /proc, the flags are unknown.
      case " $flags " in
        "  " | *" $flag "*) ;;
        *)
          echo "This CPU has no $flag, and the program needs SSE4.2 and POPCNT."
          echo "hint: use a CPU made after 2010. For a virtual machine, choose the CPU type host or x86-64-v2"
          return 1
          ;;
      esac
    done
  fi
  case $1 in
    *-musl)
      loader=/lib/ld-musl-$machine.so.1
      library=
      for file in /usr/lib/libstdc++.so.6 /lib/libstdc++.so.6 /usr/local/lib/libstdc++.so.6; do
        if [ -e "$file" ]; then library=$file; fi
      done
      if [ -e "$loader" ] && [ -z "$library" ]; then
        echo "The program needs the library libstdc++, which is not installed."
        echo "hint: install it, e.g. apk add libstdc++"
        return 1
      fi
      ;;
    *)
      version=$(glibc_version)
      major=$(echo "$version" | cut -d . -f 1)
      minor=$(echo "$version" | cut -d . -f 2)
      if [ -n "$version" ] && { [ "$major" -lt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -lt 17 ]; }; }; then
        echo "This system has glibc $version, and the program needs glibc 2.17 or later."
        echo "hint: upgrade the system, e.g. to RHEL 7, Debian 8, Ubuntu 14.04 or later"
        return 1
      fi
      ;;
  esac
  if [ ! -e "$loader" ]; then
    echo "The program needs $loader, which this system does not have."
    echo "hint: install a 64-bit C library, or the program for the C library of this system"
    return 1
  fi
)

# Prints the version of glibc, e.g. 2.36, or nothing on a system without glibc.
glibc_version() (
  version=$(getconf GNU_LIBC_VERSION 2>/dev/null)
  case $version in
    "glibc "[0-9]*) ;;
    *)
      # The first line of ldd ends with the version. On musl, ldd says so on standard error.
      version=$(ldd --version 2>/dev/null | sed -n '1s/.*(\(.*\)) /glibc /p')
      ;;
  esac
  case $version in "glibc "[0-9]*.[0-9]*) echo "$version" | sed 's/^glibc \([0-9]*\.[0-9]*\).*/\1/' ;; esac
)
`.trim();

/** Each sentence of the functions with its hint. Words in capitals are values of the machine. */
export function listMachineProblems(): { message: string; fix: string }[] {
  const values: [value: RegExp, word: string][] = [
    [/\$\(uname -s\)/g, "SYSTEM"],
    [/\$\(uname -m\)/g, "TYPE"],
    [/\$(machine|flag|version|loader)\b/g, "\0"],
  ];
  const inWords = (text: string) =>
    values.reduce(
      (result, [value, word]) =>
        result.replace(value, (found) => (word === "\0" ? found.slice(1).toUpperCase() : word)),
      text,
    );
  return [...CHECK_MACHINE.matchAll(/echo "([A-Z][^"]+)"\n\s+echo "hint: ([^"]+)"/g)].map(
    ([, message, hint]) => ({ message: inWords(message!), fix: inWords(hint!) }),
  );
}
