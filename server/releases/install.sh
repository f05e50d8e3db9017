#!/bin/sh
# Installs the AttackLens sensor on this host, as a service, and enrolls it.
#
#   sh install.sh [--server URL] [--ca-pin PIN] [--proxy URL] [--token-file FILE | --token -] [OPTION]...
#
# The enrollment token comes from a file, from standard input (--token -), from the variable ATTACKLENS_TOKEN,
# or from a prompt. It is never an argument, because the process list shows arguments. All other options are
# those of attacklens-sensor install.
#
# The script does four things: it checks this host, downloads the program for it, compares the program's SHA-256
# with the one below, and runs "attacklens-sensor install". It stops with one sentence and a hint if anything is
# wrong. Everything is inside one function that the last line calls, so that half a script does nothing.

install_sensor() {
  set -u
  umask 022

  # The server fills in these values. Those of the programs are from the signed manifest of its release.
  release_version=''
  release_seconds=''
  default_server=''
  server_pins=''
  server_ca=''
  # For each program: its target, its size in bytes, its SHA-256 and its name.
  programs=''

  say() {
    printf 'attacklens: %s\n' "$1" >&2
  }

  # fail SENTENCE HINT
  fail() {
    say "$1"
    printf 'hint: %s\n' "$2" >&2
    exit 1
  }

  have() {
    command -v "$1" >/dev/null 2>&1
  }

  # Takes the options that this script needs. All of them go to attacklens-sensor install too.
  read_options() {
    server='' ca_pin='' proxy='' token_source='' token=${ATTACKLENS_TOKEN:-}
    # From here on, no program has the token in its environment. The sensor reads it from standard input.
    unset ATTACKLENS_TOKEN
    [ -z "$token" ] || token_source=shell
    [ ! -e "${CREDENTIALS_DIRECTORY:-}/attacklens-token" ] || token_source=credential
    while [ $# -gt 0 ]; do
      option=$1
      shift
      case $option in
        --server=* | --ca-pin=* | --proxy=* | --token=* | --token-file=*)
          value=${option#*=}
          option=${option%%=*}
          ;;
        --server | --ca-pin | --proxy | --token | --token-file)
          [ $# -gt 0 ] || fail "Cannot install: $option needs a value." "Copy the whole command again."
          value=$1
          shift
          ;;
        *) continue ;;
      esac
      case $option in
        --server) server=${value%/} ;;
        --ca-pin) ca_pin=$value ;;
        --proxy) proxy=$value ;;
        --token-file) token_source='file' ;;
        --token)
          [ "$value" = - ] || fail "Cannot install: --token shows the token to every user of this host." \
            "Write the token to a file that only root can read, and use --token-file FILE."
          token_source=input
          ;;
      esac
    done
  }

  # The server rendered this script for its own address and pin. Another pin means another server.
  check_server() {
    if [ -z "$server" ]; then
      [ -n "$default_server" ] || fail "Cannot install: no server was given." \
        "Add --server https://attacklens.example.com."
      server=$default_server
    fi
    case $server in
      https://?*) ;;
      http://localhost | http://localhost:* | http://127.* | http://\[::1\]*) ;;
      *) fail "Cannot install: $server is not an https:// address." "Add --server https://attacklens.example.com." ;;
    esac
    # While a CA is replaced, a server has two pins. The first one is that of the new CA.
    [ -n "$ca_pin" ] || ca_pin=${server_pins%% *}
    case " $server_pins " in
      *" $ca_pin "*) ;;
      *) fail "Cannot install: the pin in the command is not the pin of this server (${server_pins:-it has no private CA})." \
        "Copy the command again from the console. If the pins still differ, the command or the server is not yours." ;;
    esac
  }

  check_root() {
    [ "$(id -u)" = 0 ] || fail "Cannot install: the sensor is a system service, so this must run as root." \
      "Open a root shell, for example with sudo -i, and run the command again."
  }

  check_clock() {
    [ "$(date +%s)" -ge "$((release_seconds - 86400))" ] || fail \
      "Cannot install: this host's clock says $(date -u '+%Y-%m-%d %H:%M') UTC, before this release was made." \
      "Set the clock, for example with timedatectl set-ntp true, and run the command again."
  }

  # The server puts two functions here: find_target and check_machine. They print why no program runs here.
  # @machine-check@

  # Sets target, as the programs are named: linux-x64, linux-arm64-musl, darwin-arm64.
  require_machine() {
    target=$(find_target) || fail_machine "$target"
    reason=$(check_machine "$target") || fail_machine "$reason"
  }

  fail_machine() {
    say "$1"
    exit 1
  }

  check_service_manager() {
    case $target in linux*) ;; *) return 0 ;; esac
    [ -d /run/systemd/system ] || have rc-service || fail \
      "Cannot install: no service manager runs here. The sensor needs systemd or OpenRC." \
      "In a container, install the sensor on the container's host instead. The deployment guide has a DaemonSet."
  }

  # Sets size, sha256 and name. Does nothing else with the positional parameters.
  find_program() {
    # The list has four words for each program.
    # shellcheck disable=SC2086
    set -- $programs
    while [ $# -ge 4 ]; do
      if [ "$1" = "$target" ]; then
        size=$2 sha256=$3 name=$4
        return 0
      fi
      shift 4
    done
    fail "Cannot install: the server has no sensor for $target in release $release_version." \
      "On the server's host, add it: attacklens releases add FOLDER."
  }

  # Makes a folder where the program can run. The state of the sensor is on the same file system.
  make_folder() {
    parent=/var/lib
    case $target in linux*) ;; *) parent=/var/tmp ;; esac
    folder=$(mktemp -d "$parent/attacklens-install.XXXXXX" 2>/dev/null) || fail \
      "Cannot install: nothing can be written to $parent. Its file system is full or read-only." \
      "Free some space (df $parent), or make it writable. On an immutable system, add the sensor to its image."
    trap 'rm -rf "$folder"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # The program is here once and in its final place once.
    needed_kb=$((size * 2 / 1024 + 20480))
    free_kb=$(df -Pk "$folder" 2>/dev/null | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4)
    case $free_kb in
      '' | *[!0-9]*) ;;
      *) [ "$free_kb" -ge "$needed_kb" ] || no_space ;;
    esac
  }

  no_space() {
    fail "Cannot install: the file system of $parent is full." \
      "Free $((needed_kb / 1024)) MB there: df $parent shows its use. Then run the command again."
  }

  # download URL FILE
  download() {
    url=$1 file=$2
    if [ -n "$proxy" ]; then
      export https_proxy="$proxy" HTTPS_PROXY="$proxy" http_proxy="$proxy"
    fi
    if [ -n "$server_ca" ]; then
      # A folder with nothing but this CA: some versions of curl and wget trust the system's folder as well.
      mkdir "$folder/trust"
      printf '%s\n' "$server_ca" >"$folder/trust/ca.pem"
    fi
    if have curl; then
      download_with_curl
    elif have wget; then
      download_with_wget
    elif [ -x /usr/lib/apt/apt-helper ]; then
      download_with_apt
    else
      fail "Cannot install: this system has neither curl nor wget." \
        "Install one: apt-get install curl, dnf install curl or apk add curl."
    fi
  }

  download_with_curl() {
    set -- --fail --silent --show-error --connect-timeout 30 --retry 3 --output "$file"
    [ -z "$server_ca" ] || set -- "$@" --cacert "$folder/trust/ca.pem" --capath "$folder/trust"
    # The status of the proxy, and that of the server.
    statuses=$(curl "$@" --write-out '%{http_connect} %{http_code}' "$url")
    code=$?
    case ${statuses#* } in
      429 | 503) fail "Cannot install: $server is busy: it replied with status ${statuses#* }." \
        "Run the command again in a few minutes." ;;
    esac
    case ${statuses% *} in
      '' | 000 | 200) ;;
      *) fail "Cannot install: the proxy refused the connection to $server with status ${statuses% *}." \
        "Status 407 asks for credentials: --proxy http://USER:PASSWORD@PROXY:PORT. Otherwise allow $server there." ;;
    esac
    explain_download "$code" '5 6 7 28' '35 51 58 60 77' 22 23
  }

  # The wget of busybox knows no private CA. The SHA-256 above protects the program, whoever sends it.
  download_with_wget() {
    case $(wget --help 2>&1) in
      *--ca-certificate*)
        set -- -q -T 30 -O "$file"
        [ -z "$server_ca" ] || set -- "$@" --ca-certificate="$folder/trust/ca.pem" --ca-directory="$folder/trust"
        wget "$@" "$url"
        explain_download $? 4 5 8 3
        ;;
      *)
        wget -q --no-check-certificate -O "$file" "$url" || fail \
          "Cannot install: the download of $url failed. This wget is a small one, which lacks TLS settings and proxies." \
          "Install curl, for example with apk add curl, and run the command again."
        ;;
    esac
  }

  # Debian and Ubuntu have it where neither curl nor wget is installed.
  download_with_apt() {
    set -- download-file "$url" "$file"
    [ -z "$server_ca" ] || set -- -o Acquire::https::CaInfo="$folder/trust/ca.pem" "$@"
    /usr/lib/apt/apt-helper "$@" >"$folder/error" 2>&1 && return 0
    cat "$folder/error" >&2
    fail "Cannot install: the download of $url failed." \
      "Check the address, the proxy, and this host's clock: $(date -u '+%Y-%m-%d %H:%M') UTC."
  }

  # explain_download CODE UNREACHABLE UNTRUSTED REFUSED UNWRITTEN: codes of the tool.
  explain_download() {
    [ "$1" != 0 ] || return 0
    code=$1
    case " $5 " in *" $code "*) no_space ;; esac
    case " $4 " in *" $code "*)
      fail "Cannot install: $server refused the download of $name." \
        "The server may have another release now. Download the script again."
    ;; esac
    case " $3 " in *" $code "*)
      fail "Cannot install: the certificate of $server is not trusted. This host's clock says $(date -u '+%Y-%m-%d %H:%M') UTC." \
        "Set the clock if it is wrong. Otherwise a proxy that inspects TLS, or another server, replies."
    ;; esac
    case " $2 " in *" $code "*)
      fail "Cannot install: $server cannot be reached${proxy:+ through the proxy}." \
        "Check the address and the firewall. If hosts need a proxy, add --proxy http://PROXY:PORT."
    ;; esac
    fail "Cannot install: the download of $url failed (code $code of the download tool)." \
      "Run the command again. If hosts need a proxy, add --proxy http://PROXY:PORT, with USER:PASSWORD@ if it asks."
  }

  # Prints the SHA-256 of a file.
  hash_of() {
    if have sha256sum; then
      sha256sum "$1" | cut -d ' ' -f 1
    elif have shasum; then
      shasum -a 256 "$1" | cut -d ' ' -f 1
    else
      openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
    fi
  }

  check_hash() {
    found=$(hash_of "$program")
    [ "$found" = "$sha256" ] || fail \
      "Cannot install: the SHA-256 of $name is ${found:-unknown}, not $sha256. Nothing was run." \
      "The download was changed or is damaged. Run the command again. If it happens again, check the proxy and the server."
  }

  # Runs the program once, because a system can refuse it for reasons that only show then.
  check_start() {
    chmod 755 "$program"
    "$program" version </dev/null >/dev/null 2>"$folder/error"
    case $? in
      0) return 0 ;;
      126) explain_refusal ;;
      127) fail "Cannot install: the sensor for $target does not fit this system: its C library is missing." \
        "Report this with the output of: ldd --version; uname -a." ;;
      132) fail "Cannot install: this processor lacks instructions that the sensor needs (SSE4.2, POPCNT)." \
        "In a virtual machine, choose a newer processor type, for example host or x86-64-v2." ;;
    esac
    fail "Cannot install: the sensor does not start: $(head -n 1 "$folder/error")" \
      "Report this with the output of: uname -a; cat /etc/os-release."
  }

  explain_refusal() {
    if [ "$(getenforce 2>/dev/null)" = Enforcing ]; then
      fail "Cannot install: SELinux does not let programs in $parent run." \
        "Use the .rpm package: its program is in /usr/bin."
    fi
    fail "Cannot install: the system does not let programs in $parent run. It may be mounted with noexec." \
      "See mount | grep noexec. Mount it with exec, or put /var/lib/attacklens-sensor on a file system that has exec."
  }

  # The token is no argument, and no program but the sensor gets it.
  run_install() {
    [ -n "$given_server" ] || set -- "$@" --server "$server"
    [ -n "$given_pin" ] || [ -z "$ca_pin" ] || set -- "$@" --ca-pin "$ca_pin"
    case $token_source in
      input) "$program" install "$@" ;;
      shell) printf '%s\n' "$token" | "$program" install --token - "$@" ;;
      *) "$program" install "$@" </dev/null ;;
    esac
  }

  # Asks for the token if no other source has it. An enrolled host needs none.
  ask_token() {
    identity=/var/lib/attacklens-sensor/identity.json
    case $target in darwin*) identity='/Library/Application Support/AttackLens/Sensor/identity.json' ;; esac
    [ -z "$token_source" ] && [ ! -e "$identity" ] || return 0
    # In a subshell, because a redirection that fails ends some shells.
    if ! (: </dev/tty) 2>/dev/null; then
      fail "Cannot install: no enrollment token was given, and there is no terminal to ask for one." \
        "Add --token-file FILE, or set the variable ATTACKLENS_TOKEN."
    fi
    trap 'stty echo </dev/tty; exit 130' INT
    # Before the prompt: a tool that waits for the prompt is faster than a user.
    stty -echo </dev/tty 2>/dev/null
    printf 'Enrollment token (it is not shown): ' >/dev/tty
    read -r token </dev/tty
    stty echo </dev/tty 2>/dev/null
    trap - INT
    printf '\n' >/dev/tty
    token_source=shell
  }

  read_options "$@"
  given_server=$server given_pin=$ca_pin
  check_root
  check_server
  require_machine
  check_service_manager
  check_clock
  ask_token
  find_program
  make_folder
  program=$folder/attacklens-sensor
  say "downloading the sensor $release_version for $target ($((size / 1000000)) MB) from $server"
  download "$server/download/$release_version/$name" "$program"
  check_hash
  check_start
  run_install "$@"
}

{ install_sensor "$@"; }
