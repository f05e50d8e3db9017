// The guides for Docker and Kubernetes: one container for each host, which reports the host.
import { LINUX } from "../installed-paths.ts";
import { shellDownloadCommand } from "../releases/install-command.ts";
import { arrival } from "./after.ts";
import { beforeYouStart } from "./before.ts";
import { collectedFacts, onTheMachine } from "./collected.ts";
import { type Block, code, type DeployFacts, list, paragraph, type Section, step, table } from "./guide.ts";
import { askingFor, indent, sensorCommand } from "./sensor-command.ts";
import { troubleshooting } from "./troubleshooting.ts";

type Blocks = Partial<Record<Section["id"], Block[]>>;

const ROOT = "/host";
const STATE = LINUX.stateDir;
const PROMPT = "Enrollment token (it is not shown)";
const DOCKER_HOST = "on the host, in a root shell";
const BUILD_HOST = "on a Linux machine with Docker, in an empty folder";
const anyCa = (add: string) =>
  `If your company's own CA issued the server's certificate, the container needs the host's list of CAs. ${add} On RHEL, the file is \`${ROOT}/etc/pki/tls/certs/ca-bundle.crt\`.`;
const CA_VARIABLE = `SSL_CERT_FILE=${ROOT}/etc/ssl/certs/ca-certificates.crt`;

const SYSTEMS = [
  "Linux hosts on x64 or ARM64 with kernel 5.12 or later.",
  "The image in this guide is for x64. For ARM64, replace `linux-x64` with `linux-arm64` in the command that downloads the program.",
];

/** What each right is for. Both guides have this table. */
const RIGHTS: [right: string, why: string][] = [
  [
    `the root folder of the host at \`${ROOT}\`, read-only`,
    "The sensor reads the host's files, `/proc` and `/sys` there, because `--root` names this folder. Nothing below it can be written.",
  ],
  ["network of the host", "The sensor reports the host's addresses, and the server sees the host's address."],
  [
    "no process namespace of the host (`hostPID`, `--pid host`)",
    `The host's processes are visible in \`${ROOT}/proc\`. Without the namespace, the container cannot send them signals.`,
  ],
  [
    "`CAP_DAC_READ_SEARCH`",
    "To read files of all users, such as shadow. From shadow, only whether a password is set is reported.",
  ],
  [
    "`CAP_SYS_PTRACE`",
    "To see which process listens on a port. Without it, ports are listed without a process.",
  ],
  [
    "no AppArmor profile, no SELinux label",
    "The default profiles of container runtimes deny access to the host's processes and files.",
  ],
];

function imageStep(facts: DeployFacts, image: string): Block {
  return step(
    "Build the image",
    code({
      id: "program",
      title: "Download the program",
      language: "sh",
      where: BUILD_HOST,
      text: shellDownloadCommand(facts, {
        begin: ["f=attacklens-sensor-linux-x64"],
        file: { path: `/download/${facts.version}/$f`, name: "$f" },
        commands: ['install -m 755 "$d/$f" attacklens-sensor'],
      }),
    }),
    code({
      id: "dockerfile",
      title: "The image",
      language: "dockerfile",
      where: "in the same folder",
      file: "Dockerfile",
      text: DOCKERFILE,
    }),
    code({
      id: "build",
      title: "Build it",
      language: "sh",
      where: "in the same folder",
      text: `docker build --tag ${image}:${facts.version} .`,
      ...(image.startsWith(REGISTRY.text) ? { replace: [REGISTRY] } : {}),
    }),
    paragraph(
      image.startsWith(REGISTRY.text)
        ? "The image contains no token and no address."
        : "The image contains no token and no address. For several hosts, push it to a registry that all of them can pull from.",
    ),
  );
}

const DOCKERFILE = `FROM debian:trixie-slim
COPY attacklens-sensor /usr/bin/attacklens-sensor
ENTRYPOINT ["/usr/bin/attacklens-sensor"]
`;

const REGISTRY = { text: "registry.example.com", by: "your registry" };
const DOCKER_IMAGE = "attacklens-sensor";

/** The options of \`docker run\`, one line each. */
const DOCKER_OPTIONS = [
  "--network host --uts host",
  "--cap-drop ALL --cap-add DAC_READ_SEARCH --cap-add SYS_PTRACE",
  "--security-opt no-new-privileges --security-opt apparmor=unconfined --security-opt label=disable",
  "--read-only --tmpfs /tmp --memory 512m --cpus 0.5",
  `--mount type=bind,source=/,target=${ROOT},readonly`,
  `--mount type=bind,source=${STATE},target=${STATE}`,
];

function dockerRun(first: string, image: string): string {
  return [`docker run ${first}`, ...DOCKER_OPTIONS, image].join(" \\\n  ");
}

export function docker(facts: DeployFacts): Blocks {
  const image = `${DOCKER_IMAGE}:${facts.version}`;
  const enroll = sensorCommand(facts, {
    shell: "posix",
    program: dockerRun("--rm --interactive", image),
    words: `enroll --root ${ROOT} --token -`,
  });
  return {
    before: beforeYouStart(facts, {
      systems: [
        ...SYSTEMS,
        "Docker 25 or later, which mounts everything below the host's root folder read-only.",
      ],
      rights: "Root on each host, or membership in the group `docker`, which is the same.",
      also: [
        "Use this guide only for hosts on which you cannot install a program. The sensor is more reliable as a service of the host.",
      ],
    }),
    token: [
      paragraph(
        "A first container enrolls the host. It reads the token from standard input, and ends. The container that keeps running never gets the token. The token is in no image, variable or container setting.",
      ),
    ],
    install: [
      imageStep(facts, DOCKER_IMAGE),
      step(
        "Enroll the host",
        code({
          id: "enroll",
          title: "Paste this command, and then the token at the prompt",
          language: "sh",
          where: DOCKER_HOST,
          text: `mkdir -p -m 700 ${STATE}\n${askingFor(PROMPT, "posix", enroll)}`,
        }),
        paragraph(anyCa(`Add \`--env ${CA_VARIABLE}\` to both \`docker run\` commands.`)),
      ),
      step(
        "Start the sensor",
        code({
          id: "install",
          title: "Start the container that keeps running",
          language: "sh",
          where: DOCKER_HOST,
          text: `${dockerRun("--detach --name attacklens-sensor --restart unless-stopped", image)} run --root ${ROOT}`,
        }),
        arrival(),
      ),
      step("Review the container's rights", table(["Right", "Why"], RIGHTS)),
    ],
    verify: [
      code({
        id: "verify",
        title: "Show the last check-in",
        language: "sh",
        where: DOCKER_HOST,
        text: "docker exec attacklens-sensor attacklens-sensor status\ndocker logs --tail 20 attacklens-sensor",
      }),
      list(
        "`status` shows `State connected`. Its exit code is 0.",
        "In the console, the sensor has the name of the host, not that of the container, and the host's packages.",
      ),
    ],
    upgrade: [
      paragraph(
        "Build the image of the new release, and start the container again. A container never updates itself.",
      ),
      code({
        id: "upgrade",
        title: "Remove the old container",
        language: "sh",
        where: DOCKER_HOST,
        text: "docker rm --force attacklens-sensor",
      }),
      paragraph("Then start the sensor as above. The identity is on the host, so it needs no token."),
    ],
    uninstall: [
      code({
        id: "uninstall",
        title: "Unenroll the sensor and remove everything",
        language: "sh",
        where: DOCKER_HOST,
        text: [
          `docker exec attacklens-sensor attacklens-sensor unenroll --root ${ROOT}`,
          "docker rm --force attacklens-sensor",
          `docker image rm ${image}`,
          `rm -r ${STATE}`,
        ].join("\n"),
      }),
    ],
    machine: [
      ...onTheMachine("container", facts.server),
      paragraph(`Docker has the container \`attacklens-sensor\` and the image \`${image}\`.`),
    ],
    collected: collectedFacts(),
    troubleshooting: troubleshooting({
      tool: { name: "Messages of the container", rows: CONTAINER_MESSAGES },
    }),
  };
}

const CONTAINER_MESSAGES: [string, string, string][] = [
  [
    `\`Cannot use --root "${ROOT}": it has no folder etc\``,
    `The host's root folder is not mounted at \`${ROOT}\`.`,
    "Copy the whole command or the whole file again.",
  ],
  [
    "`Cannot run sensor: there is no identity`",
    "The host is not enrolled, or the state folder is not mounted.",
    "Enroll the host first. Check the mount of the state folder.",
  ],
  [
    "The console lists ports without a process",
    "The capability `SYS_PTRACE` is missing, or an AppArmor profile is in force.",
    "Compare the rights with the table above.",
  ],
  ["The sensor has the name of a container", "The command `run` has no `--root`.", `Add \`--root ${ROOT}\`.`],
];

const NAMESPACE = "attacklens";
const SECRET = "attacklens-token";
const REGISTRY_IMAGE = `${REGISTRY.text}/attacklens-sensor`;
const CLUSTER = "on a machine where `kubectl` reaches the cluster";
const MANIFEST = "attacklens-sensor.yaml";

export function kubernetes(facts: DeployFacts): Blocks {
  const image = `${REGISTRY_IMAGE}:${facts.version}`;
  return {
    before: beforeYouStart(facts, {
      systems: [
        ...SYSTEMS,
        "Kubernetes 1.31 or later, with containerd 2.0 or CRI-O 1.30 or later. Older versions make only the root file system of the node read-only: the container, as root, can write to the other ones. Before Kubernetes 1.30, also remove `recursiveReadOnly` and `appArmorProfile`, and use the AppArmor annotation.",
      ],
      rights:
        "Permission to create a namespace, a Secret and a DaemonSet, in a cluster that allows privileged pods in this namespace.",
      also: ["A registry that the nodes can pull from."],
    }),
    token: [
      paragraph(
        "The token is in a Secret that only the init container mounts, as a file. It is not in a variable or in a manifest. After the nodes have enrolled, you can delete the Secret. Pods that restart need no token, but new nodes do.",
      ),
      paragraph(
        "For nodes that an autoscaler adds and removes, use a token with **Ephemeral**. Set no enrollment limit, or one above the number of nodes.",
      ),
      code({
        id: "secret",
        title: "Store the token: paste it at the prompt",
        language: "sh",
        where: CLUSTER,
        text: `kubectl create namespace ${NAMESPACE}\n${askingFor(
          PROMPT,
          "posix",
          `kubectl create secret generic ${SECRET} --namespace ${NAMESPACE} --from-file=token=/dev/stdin`,
        )}`,
      }),
      paragraph(
        "Everyone who can read Secrets in the namespace can read the token. If you use External Secrets or the Secrets Store CSI driver, let it create a Secret with the same name and the key `token`.",
      ),
    ],
    install: [
      imageStep(facts, REGISTRY_IMAGE),
      step(
        "Push the image",
        code({
          id: "push",
          title: "Push it",
          language: "sh",
          where: "on the machine with the image",
          text: `docker push ${image}`,
          replace: [REGISTRY],
        }),
      ),
      step(
        "Apply the DaemonSet",
        code({
          id: "manifest",
          title: "The namespace and the DaemonSet",
          language: "yaml",
          where: CLUSTER,
          file: MANIFEST,
          text: daemonSet(facts, image),
          replace: [REGISTRY],
        }),
        paragraph(anyCa(`Add \`${CA_VARIABLE}\` to the environment (\`env\`) of both containers.`)),
        code({
          id: "install",
          title: "Apply it",
          language: "sh",
          where: CLUSTER,
          text: `kubectl apply --filename ${MANIFEST}`,
        }),
        arrival(),
      ),
      step("Review the container's rights", table(["Right", "Why"], RIGHTS)),
    ],
    verify: [
      code({
        id: "verify",
        title: "Show the pods and the last check-in of one of them",
        language: "sh",
        where: CLUSTER,
        text: [
          `kubectl rollout status daemonset/attacklens-sensor --namespace ${NAMESPACE}`,
          `kubectl exec daemonset/attacklens-sensor --namespace ${NAMESPACE} -- attacklens-sensor status`,
        ].join("\n"),
      }),
      list(
        "There is one pod for each node, and all are ready.",
        "`status` shows `State connected`.",
        "In the console, each node is a sensor with the node's name and packages.",
      ),
    ],
    upgrade: [
      paragraph(
        `Build and push the image of the new release, change the two \`image\` lines in \`${MANIFEST}\`, and apply it again. The sensors restart on a tenth of the nodes at a time. A container never updates itself. The identity is on the node, so it needs no token.`,
      ),
    ],
    uninstall: [
      code({
        id: "uninstall",
        title: "Unenroll each node, and remove everything from the cluster",
        language: "sh",
        where: CLUSTER,
        text: [
          `for pod in $(kubectl get pods --namespace ${NAMESPACE} --selector app=attacklens-sensor --output name); do`,
          `  kubectl exec --namespace ${NAMESPACE} "$pod" --container sensor -- attacklens-sensor unenroll --root ${ROOT}`,
          "done",
          `kubectl delete namespace ${NAMESPACE}`,
        ].join("\n"),
      }),
      paragraph(
        `An empty folder \`${STATE}\` stays on each node. Sensors of nodes that no longer exist stay Offline. Delete them in the console, or use a token with **Ephemeral**.`,
      ),
    ],
    machine: [
      ...onTheMachine("container", facts.server),
      paragraph(
        `In the cluster, there are the namespace \`${NAMESPACE}\`, the Secret \`${SECRET}\` and the DaemonSet \`attacklens-sensor\`. The pods have no service account token.`,
      ),
    ],
    collected: collectedFacts(),
    troubleshooting: troubleshooting({
      tool: {
        name: "Messages of Kubernetes and of the container",
        rows: [
          [
            "`violates PodSecurity`",
            "The namespace does not allow privileged pods.",
            `Apply the whole file: it sets the label \`pod-security.kubernetes.io/enforce\` of the namespace.`,
          ],
          [
            "`Init:CrashLoopBackOff`",
            "The node cannot enroll.",
            `Run \`kubectl logs --namespace ${NAMESPACE} POD --container enroll\`, and find the message below.`,
          ],
          [
            '`unknown field "spec.template.spec.containers[0].volumeMounts[0].recursiveReadOnly"`',
            "The cluster is older than Kubernetes 1.30.",
            "Remove the lines with `recursiveReadOnly`.",
          ],
          ...CONTAINER_MESSAGES,
        ],
      },
    }),
  };
}

function daemonSet(facts: DeployFacts, image: string): string {
  const args = [
    ...["enroll", "--root", ROOT, "--token-file", "/run/secrets/attacklens/token", "--wait", "300"],
    ...["--server", facts.server],
    ...(facts.caPin === null ? [] : ["--ca-pin", facts.caPin]),
    ...(facts.proxy ? ["--proxy", facts.proxy] : []),
  ];
  const listed = args.map((word) => `            - ${JSON.stringify(word)}`).join("\n");
  return `apiVersion: v1
kind: Namespace
metadata:
  name: ${NAMESPACE}
  labels:
    pod-security.kubernetes.io/enforce: privileged
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: attacklens-sensor
  namespace: ${NAMESPACE}
  labels:
    app: attacklens-sensor
spec:
  selector:
    matchLabels:
      app: attacklens-sensor
  updateStrategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 10%
  template:
    metadata:
      labels:
        app: attacklens-sensor
    spec:
      hostNetwork: true
      dnsPolicy: ClusterFirstWithHostNet
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 30
      # On every node, also on those of the control plane.
      tolerations:
        - operator: Exists
      initContainers:
        - name: enroll
          image: ${image}
          args:
${listed}
${indent(CONTAINER, 10)}
            - name: token
              mountPath: /run/secrets/attacklens
              readOnly: true
      containers:
        - name: sensor
          image: ${image}
          args: ["run", "--root", "${ROOT}"]
${indent(CONTAINER, 10)}
          resources:
            requests:
              cpu: 50m
              memory: 64Mi
            limits:
              memory: 512Mi
      volumes:
        - name: host
          hostPath:
            path: /
            type: Directory
        - name: state
          hostPath:
            path: ${STATE}
            type: DirectoryOrCreate
        - name: tmp
          emptyDir:
            sizeLimit: 64Mi
        - name: token
          secret:
            secretName: ${SECRET}
            # Nodes that are enrolled need no token.
            optional: true
            defaultMode: 0400
`;
}

/** Ends with the list of mounts, so that a container can add to it. */
const CONTAINER = `securityContext:
  runAsUser: 0
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: ["ALL"]
    add: ["DAC_READ_SEARCH", "SYS_PTRACE"]
  appArmorProfile:
    type: Unconfined
  seLinuxOptions:
    type: spc_t
  seccompProfile:
    type: RuntimeDefault
volumeMounts:
  - name: host
    mountPath: ${ROOT}
    readOnly: true
    recursiveReadOnly: IfPossible
  - name: state
    mountPath: ${STATE}
  - name: tmp
    mountPath: /tmp`;
