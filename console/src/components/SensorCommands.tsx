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
  /** Both commands prompt for a token. Only enroll prompts for a ticket. */
  secret: "token" | "ticket";
  platform?: Platform;
}

const STEPS = [
  { value: "enroll", label: "Enroll" },
  { value: "check", label: "Preflight check" },
] as const;

/** The commands to run on a host: to enroll it, or to check first whether it can enroll. */
export function SensorCommands({ connection, secret, platform = "linux" }: SensorCommandsProps) {
  const [chosen, setChosen] = useState<Platform>(platform);
  const [step, setStep] = useState<(typeof STEPS)[number]["value"]>("enroll");
  const target = targetOf(connection, window.location.origin);
  const host = `a ${PLATFORMS.find(({ value }) => value === chosen)?.label} host`;
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
          title={secret === "token" ? `Enroll ${host}` : `Re-enroll ${host}`}
          command={enrollCommand(
            target,
            chosen,
            secret === "token" ? "Enrollment Token" : "Re-enrollment ticket",
          )}
          note={
            secret === "token"
              ? "Run this command on the host and paste the token at the prompt. The token does not appear in the shell history or the process list."
              : "Run this command on the host and paste the ticket at the prompt. A running sensor switches to the new key automatically."
          }
        />
      ) : (
        <CommandBlock
          title={
            secret === "token"
              ? `Check whether ${host} can enroll`
              : `Check whether ${host} can reach the server`
          }
          command={checkCommand(target, chosen, secret === "token" ? "Enrollment Token" : undefined)}
          note={
            secret === "token"
              ? "Try this on one host first. It reports each step, changes nothing, and does not spend a use of the token."
              : "It reports each step of the connection to this server and changes nothing. It does not check the ticket."
          }
        />
      )}
    </Stack>
  );
}

/** Explains why the commands do not work on other hosts, and how to fix that. */
function Reach({ target: { reach, server }, secret }: { target: Target; secret: string }) {
  if (reach === "network") return null;
  if (reach === "local") {
    return (
      <Notice kind="info">
        The address <code>{server}</code> works only on the server itself. To enroll other hosts, start the
        server with <code>--listen ADDRESS:PORT</code>. If it is behind a proxy, set <code>--public-url</code>
        .
      </Notice>
    );
  }
  return (
    <Notice kind="warning">
      Sensors reject the address <code>{server}</code>, because plain HTTP exposes the {secret} to the
      network. Give the server a certificate with <code>--tls-cert</code> and <code>--tls-key</code>, or with{" "}
      <code>--tls private</code>. If a proxy terminates TLS, set <code>--public-url https://…</code>.
    </Notice>
  );
}
