// The guide for Docker: one container for each host, which reports the host.
import { arrival } from "./after.ts";
import { beforeYouStart } from "./before.ts";
import { collectedFacts, onTheMachine } from "./collected.ts";
import {
  anyCa,
  CA_VARIABLE,
  CONTAINER_MESSAGES,
  imageStep,
  PROMPT,
  RIGHTS,
  ROOT,
  STATE,
  SYSTEMS,
} from "./containers.ts";
import { type Blocks, code, type DeployFacts, list, paragraph, step, table } from "./guide.ts";
import { askingFor, sensorCommand } from "./sensor-command.ts";
import { troubleshooting } from "./troubleshooting.ts";

const DOCKER_HOST = "on the host, in a root shell";
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
