import { Group, SegmentedControl, Stack } from "@mantine/core";
import { useState } from "react";
import { CommandBlock } from "./CommandBlock.tsx";
import { Reach } from "./Reach.tsx";
import {
  type Connection,
  checkCommand,
  enrollCommand,
  PLATFORMS,
  type Platform,
  targetOf,
} from "./sensor-commands.ts";

interface SensorCommandsProps {
  connection: Connection;
  platform?: Platform;
}

const STEPS = [
  { value: "enroll", label: "Enroll" },
  { value: "check", label: "Preflight check" },
] as const;

/** The commands to run on a host that has the sensor: to re-enroll it with a ticket, or to check first. */
export function SensorCommands({ connection, platform = "linux" }: SensorCommandsProps) {
  const [chosen, setChosen] = useState<Platform>(platform);
  const [step, setStep] = useState<(typeof STEPS)[number]["value"]>("enroll");
  const target = targetOf(connection, window.location.origin);
  const host = `a ${PLATFORMS.find(({ value }) => value === chosen)?.label} host`;
  return (
    <Stack gap="xs">
      <Reach target={target} secret="ticket" />
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
          title={`Re-enroll ${host}`}
          command={enrollCommand(target, chosen)}
          note="Run this command on the host and paste the ticket at the prompt. A running sensor switches to the new key automatically."
        />
      ) : (
        <CommandBlock
          title={`Check whether ${host} can reach the server`}
          command={checkCommand(target, chosen)}
          note="It reports each step of the connection to this server and changes nothing. It does not check the ticket."
        />
      )}
    </Stack>
  );
}
