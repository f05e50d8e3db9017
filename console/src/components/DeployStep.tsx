import { deployGuide } from "@attacklens/protocol/deploy-guides/deploy-guides.ts";
import type { GuideId } from "@attacklens/protocol/deploy-guides/guide-ids.ts";
import { Stack, Text } from "@mantine/core";
import { deployFactsOf } from "./deploy-facts.ts";
import { GuideBlocks } from "./GuideBlocks.tsx";
import { GuideChoice } from "./GuideChoice.tsx";
import { OfferedRelease } from "./OfferedRelease.tsx";
import { Reach } from "./Reach.tsx";
import { type Connection, targetOf } from "./sensor-commands.ts";

interface DeployStepProps {
  connection: Connection;
  guide: GuideId;
  onChange: (guide: GuideId) => void;
}

/** The short form of a deploy guide, for a dialog: how to hand over the token, and how to install. */
export function DeployStep({ connection, guide, onChange }: DeployStepProps) {
  const { origin } = window.location;
  const { sections } = deployGuide(guide, deployFactsOf(connection, origin));
  const token = sections.find(({ id }) => id === "token")?.blocks ?? [];
  const install = sections.find(({ id }) => id === "install")?.blocks ?? [];
  return (
    <Stack gap="sm">
      <Text fw={600} component="h3" fz="md">
        Deploy
      </Text>
      <GuideChoice guide={guide} onChange={onChange} />
      <Reach target={targetOf(connection, origin)} secret="token" />
      <OfferedRelease connection={connection} guide={guide} />
      <GuideBlocks blocks={[...token.filter(({ kind }) => kind === "code"), ...install]} />
    </Stack>
  );
}
