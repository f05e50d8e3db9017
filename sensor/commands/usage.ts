// The text of attacklens-sensor help.
import { OWNER_SETTINGS } from "@attacklens/protocol/installed-paths.ts";
import { listExits } from "@attacklens/protocol/sensor-exits.ts";

export const USAGE = `Usage:
  attacklens-sensor enroll --server URL (--token-file FILE | --token -) [--ca-pin PIN]
                           [--proxy URL] [--wait SECONDS] [--replace] [--state DIR] [--root DIR]
  attacklens-sensor check --server URL [--token-file FILE | --token -] [--ca-pin PIN] [--proxy URL]
                          [--root DIR]
  attacklens-sensor run [--once] [--state DIR] [--root DIR]
  attacklens-sensor install --server URL (--token-file FILE | --token -) [--ca-pin PIN]
                            [--proxy URL] [--wait SECONDS] [--replace]
  attacklens-sensor uninstall [--keep-identity]
  attacklens-sensor prepare-image --server URL (--token-file FILE | --token -) [--ca-pin PIN]
                                  [--proxy URL] [--ignore-machine-id]
  attacklens-sensor service status [--json]
  attacklens-sensor service definition [--manager NAME] [--packaged | --trial]
  attacklens-sensor collect [--root DIR] [--category NAME]... [--json] [--all]
  attacklens-sensor status [--json] [--state DIR]
  attacklens-sensor unenroll [--force] [--state DIR] [--root DIR]
  attacklens-sensor package-files
  attacklens-sensor version [--json]

Commands:
  enroll    Enrolls this host with an enrollment token and saves its identity. The token
            is not saved. You can repeat the command: an enrolled host keeps its identity,
            and an interrupted enrollment continues with the same key.
  check     Preflight check: tests each step of an enrollment and prints a hint for each
            problem. The steps are name, proxy, certificate, pin, server, clock, token,
            network and group. Takes no use of the token.
  run       Checks in every minute and reports changes. --once runs one check-in.
  install   Installs the sensor as a service that starts at each boot, and waits for its
            first inventory: copies this program, enrolls this host, registers the service
            and starts it. Takes the options of enroll. You can repeat it at any time.
  uninstall Stops the service, unenrolls, and removes every file that install made.
            --keep-identity is for a reinstall: this host stays enrolled.
  prepare-image
            Makes this host the template of an image, as its last step: installs the program
            and the service, seals the token into the image, and removes what belongs to
            this host. Neither enrolls nor starts. A clone enrolls on its first boot, if its
            machine id, product UUID, serial number or cloud instance id differs.
  service   status shows the state of the service. definition prints the text that defines
            it, for systemd, openrc, launchd or windows. --trial prints the unit of systemd
            that runs an update on trial.
  collect   Prints a summary of the inventory and sends nothing. --json prints all facts; it is
            the default if a program reads the output. --category selects categories, also
            several with commas. --all also collects what the host's owner switched off in
            ${OWNER_SETTINGS}. The exit code shows if a category failed.
  status    Shows the result of the last check-in, without contacting the server.
  unenroll  Unenrolls this sensor on the server and removes its key. --force removes the
            key even if the server cannot be reached or refuses.
  package-files
            Prints what the packages contain besides the program, for the build.
  version   Shows the version. --json shows the build.

Options:
  --server URL      Address of the server: https://..., or http://... on this host only.
  --token-file FILE Reads the enrollment token from FILE. --token - reads it from standard
                    input. The environment variable ATTACKLENS_TOKEN and the systemd
                    credential attacklens-token work too. Avoid --token VALUE: the process
                    list shows it. A re-enrollment ticket instead of a token gives this
                    host an existing sensor.
  --ca-pin PIN      Pin (sha256:...) of the server's private CA, as shown in the console.
                    The sensor then trusts only this CA, and sends nothing to a server
                    without it.
  --proxy URL       Proxy for all requests, http://USER:PASSWORD@HOST:PORT. Default: the
                    variables HTTPS_PROXY, ALL_PROXY and NO_PROXY.
  --wait SECONDS    How long to retry if the server cannot be reached, and how long install
                    waits for the first inventory. Default: 60.
  --replace         Enrolls this host as a new sensor if the server has no record of it, or
                    is another server. A token that re-enrolls lost sensors does the same.
  --ignore-machine-id
                    For a template that boots again with a new machine id, e.g. for updates:
                    only its hardware and its cloud instance id tell a clone from it.
  --state DIR       Folder for the identity. Default: the variable ATTACKLENS_STATE, or
                    /var/lib/attacklens-sensor for root on Linux.
  --root DIR        For a container: the folder where the host's root folder is mounted,
                    read-only. The sensor reports that host, not the container. For collect:
                    the root folder of an image or of another system.

Exit codes:
${listExits()
  .map(({ code, meaning }) => `${String(code).padStart(4)}  ${meaning.replaceAll("`", "")}`)
  .join("\n")}

Example:
  $ sudo attacklens-sensor install --server https://attacklens.example.com --token-file token.txt
`;
