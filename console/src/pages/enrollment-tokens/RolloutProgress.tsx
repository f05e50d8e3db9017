import { ROLLOUT_STATES, type RolloutState } from "@attacklens/protocol/rollout.ts";
import { Box } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { Section } from "../../ui/Section.tsx";
import { SegmentedBar } from "../../ui/SegmentedBar.tsx";
import { progressText, segmentOf } from "./rollout-states.ts";
import { rolloutQuery } from "./token-queries.ts";

/** How far the rollout of a token is. A part of the bar leads to its hosts. */
export function RolloutProgress({ tokenId }: { tokenId: string }) {
  const { data: rollout } = useSuspenseQuery(rolloutQuery(tokenId));
  if (rollout.expected === null) return null;
  const hasHostnames = rollout.hosts.length > 0;
  // Of a number of hosts, the refused ones are not known.
  const states = ROLLOUT_STATES.filter((state) => hasHostnames || state !== "refused");
  const linkOf = (state: RolloutState) => ({
    ...paths.rollout(tokenId),
    search: hasHostnames ? { state } : {},
  });
  return (
    <Section title={progressText(rollout)} text="The hosts that you expect to enroll with this token.">
      <Box mb="md">
        <SegmentedBar
          label="Expected hosts by state"
          noun="hosts"
          segments={states.map((state) => segmentOf(state, rollout))}
          linkTo={(state, look) => <TextLink {...linkOf(state)} {...look} underline="never" c="inherit" />}
        />
      </Box>
    </Section>
  );
}
