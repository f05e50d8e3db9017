import {
  GUIDE_PLATFORMS,
  type GuidePlatform,
  listGuides,
} from "@attacklens/protocol/deploy-guides/deploy-guides.ts";
import type { GuideId } from "@attacklens/protocol/deploy-guides/guide-ids.ts";
import { Group, SegmentedControl, Select } from "@mantine/core";

import classes from "./GuideChoice.module.css";

export const DEFAULT_GUIDE: GuideId = "linux-shell";

const PLATFORMS = Object.entries(GUIDE_PLATFORMS).map(([value, label]) => ({
  value: value as GuidePlatform,
  label,
}));

/** Chooses a platform, and a tool for it. */
export function GuideChoice({ guide, onChange }: { guide: GuideId; onChange: (guide: GuideId) => void }) {
  const guides = listGuides();
  const { platform } = guides.find(({ id }) => id === guide)!;
  const tools = guides.filter((one) => one.platform === platform);
  return (
    <Group gap="sm" align="end">
      <SegmentedControl
        aria-label="Platform"
        size="sm"
        data={PLATFORMS}
        classNames={{ label: classes.platform ?? "" }}
        value={platform}
        onChange={(chosen) => onChange(guides.find((one) => one.platform === chosen)!.id)}
      />
      <Select
        aria-label="Tool"
        w={220}
        allowDeselect={false}
        data={tools.map(({ id, tool }) => ({ value: id, label: tool }))}
        value={guide}
        onChange={(id) => id && onChange(id as GuideId)}
      />
    </Group>
  );
}
