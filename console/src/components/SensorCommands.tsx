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
      <Reach target={target} secret={secret} />
      <Group justify="space-between" gap="xs">
        <SegmentedControl
          aria-label="Platform"
          size="sm"
          data={[...PLATFORMS]}
          value={chosen}
          onChange={setChosen}
        />
        <SegmentedControl aria-label="Step" size="sm" data={[...STEPS]} value={step} onChange={setStep} />
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
          title={
            secret === "token"
              ? `See whether ${machine} could enroll`
              : `See whether ${machine} reaches the server`
          }
          command={checkCommand(target, chosen, secret === "token" ? "Enrollment Token" : undefined)}
          note={
            secret === "token"
              ? "Try it on one machine first. It says step by step what works, changes nothing and spends no use of the token."
              : "It says step by step what works on the way to this server, and changes nothing. A ticket cannot be checked."
          }
        />
      )}
    </Stack>
  );
}

/** What keeps the commands from working elsewhere, and what to do about it. */
function Reach({ target: { reach, server }, secret }: { target: Target; secret: string }) {
  if (reach === "network") return null;
  if (reach === "near") {
    return (
      <Notice kind="info">
        Only the server's own machine reaches {server}. For others, start it with{" "}
        <code>--listen ADDRESS:PORT</code> on the network, or with the <code>--public-url</code> of its proxy.
      </Notice>
    );
  }
  return (
    <Notice kind="warning">
      Sensors refuse {server}: plain HTTP would show the {secret} to the network. Give the server a
      certificate with <code>--tls-cert</code> and <code>--tls-key</code>, or with <code>--tls private</code>.
      Where a proxy ends TLS, say with <code>--public-url https://…</code> how it is reached.
    </Notice>
  );
}
