// The guide for Kubernetes: a pod on each node, which reports the node.
import { arrival } from "./after.ts";
import { beforeYouStart } from "./before.ts";
import { collectedFacts, onTheMachine } from "./collected.ts";
import {
  anyCa,
  CA_VARIABLE,
  CONTAINER_MESSAGES,
  imageStep,
  PROMPT,
  REGISTRY,
  RIGHTS,
  ROOT,
  STATE,
  SYSTEMS,
} from "./containers.ts";
import { type Blocks, code, type DeployFacts, list, paragraph, step, table } from "./guide.ts";
import { askingFor, indent } from "./sensor-command.ts";
import { troubleshooting } from "./troubleshooting.ts";

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
