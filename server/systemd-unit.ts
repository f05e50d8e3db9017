// The systemd unit of the server, as its packages install it.

export const UNIT_FILE = "/usr/lib/systemd/system/attacklens.service";
export const PROGRAM_FILE = "/usr/bin/attacklens";
export const SETTINGS_FILE = "/etc/attacklens/attacklens.env";
export const DATA_DIR = "/var/lib/attacklens";
export const USER = "attacklens";
const READY_FILE = "/run/attacklens/ready";

/** The text of attacklens.service. */
export const SYSTEMD_UNIT = `# Belongs to the package attacklens. To change it, use: systemctl edit attacklens
[Unit]
Description=AttackLens server
Wants=network-online.target
After=network-online.target postgresql.service

[Service]
Type=exec
User=${USER}
Group=${USER}
Environment=ATTACKLENS_DATA=${DATA_DIR}
EnvironmentFile=-${SETTINGS_FILE}
Environment=ATTACKLENS_READY_FILE=${READY_FILE}
ExecStart=${PROGRAM_FILE} serve
# systemctl start and restart return when the server accepts requests, or has failed. systemd deletes the folder
# of the file when the service stops. The upgrade of a large database takes long.
ExecStartPost=/bin/sh -c 'until [ -e ${READY_FILE} ]; do kill -0 "$$MAINPID" || exit 1; sleep 0.1; done'
RuntimeDirectory=attacklens
TimeoutStartSec=infinity
# The kill of the shell: a minimal system has no /bin/kill.
ExecReload=/bin/sh -c 'kill -HUP "$$MAINPID"'
Restart=always
RestartSec=5
# A restart does not correct wrong settings.
RestartPreventExitStatus=2
TimeoutStopSec=60
LimitNOFILE=65536

# The data folder is the only one that the server writes.
StateDirectory=attacklens
StateDirectoryMode=0700
WorkingDirectory=${DATA_DIR}
UMask=0077
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed

# Lets the server listen on port 443.
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
AmbientCapabilities=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes

# Not MemoryDenyWriteExecute: the server compiles its JavaScript to machine code.
ProtectClock=yes
ProtectHostname=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectProc=invisible
ProcSubset=pid
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources @mount @debug @obsolete
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
