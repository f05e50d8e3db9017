import { Group, SegmentedControl, Stack } from "@mantine/core";
import { useState } from "react";
import { Notice } from "../ui/Notice.tsx";
import { CommandBlock } from "./CommandBlock.tsx";
import {
  type Connection,
  checkCommand,
  enrollCommand,
  PLATFORMS,
  type Platform,
  type Target,
  targetOf,
} from "./sensor-commands.ts";

interface SensorCommandsProps {
  connection: Connection;
  /** `token` is asked for by both commands; a `ticket` by enroll alone. */
  secret: "token" | "ticket";
  platform?: Platform;
}

const STEPS = [
  { value: "enroll", label: "Enroll" },
  { value: "check", label: "Check first" },
] as const;

/** What to run on a machine: to enroll it, or to see before whether it could. */
export function SensorCommands({ connection, secret, platform = "linux" }: SensorCommandsProps) {
  const [chosen, setChosen] = useState<Platform>(platform);
  const [step, setStep] = useState<(typeof STEPS)[number]["value"]>("enroll");
  const target = targetOf(connection, window.location.origin);
  const machine = `a ${PLATFORMS.find(({ value }) => value === chosen)?.label} machine`;
  return (
    <Stack gap="xs">
      <Reach target={target} />
      <Group justify="space-between" gap="xs">
        <SegmentedControl
          aria-label="Platform"
          size="xs"
          data={[...PLATFORMS]}
          value={chosen}
          onChange={setChosen}
        />
        <SegmentedControl aria-label="Step" size="xs" data={[...STEPS]} value={step} onChange={setStep} />
      </Group>
      {step === "enroll" ? (
        <CommandBlock
          title={secret === "token" ? `Enroll ${machine}` : `Enroll ${machine} again`}
          command={enrollCommand(target, chosen, secret === "token" ? "Enrollment Token" : "Ticket")}
          note={
            secret === "token"
              ? "Run it on the machine and paste the token when asked. It stays out of the shell's history and the list of processes."
              : "Run it on the machine and paste the ticket when asked. A sensor that runs there takes the new key over by itself."
          }
        />
      ) : (
        <CommandBlock
          title={`See whether ${machine} could enroll`}
          command={checkCommand(target, chosen, secret === "token" ? "Enrollment Token" : undefined)}
          note={
            secret === "token"
              ? "Try it on one machine first. It says step by step what works, changes nothing and spends no use of the token."
              : "Says step by step whether the machine reaches this server. It changes nothing, and leaves the ticket unused."
          }
        />
      )}
    </Stack>
  );
}

/** What keeps the commands from working elsewhere, and what to do about it. */
function Reach({ target: { reach, server } }: { target: Target }) {
  if (reach === "network") return null;
  if (reach === "near") {
    return (
      <Notice kind="info">
        {server} reaches this server from its own machine only. To enroll others, start it with{" "}
        <code>--listen ADDRESS:PORT</code> on the network, or say with <code>--public-url</code> how it is
        reached.
      </Notice>
    );
  }
  return (
    <Notice kind="warning">
      Sensors refuse {server}: plain HTTP would show the token to the network. Give the server a certificate (
      <code>--tls-cert</code> and <code>--tls-key</code>, or <code>--tls private</code>). Where a proxy ends
      TLS, say with <code>--public-url https://…</code> how the proxy is reached. The commands here change
      with it.
    </Notice>
  );
}
