import { GUIDE_IDS } from "@attacklens/protocol/deploy-guides/guide-ids.ts";
import { Fragment } from "react";
import { paths } from "../paths.ts";
import { TextLink } from "./links.tsx";

const PARTS = /(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([a-z-]+\.md\))/;
const LINK = /^\[([^\]]+)\]\(([a-z-]+)\.md\)$/;

/** Text of a guide: `code`, **bold**, and links to other guides. */
export function GuideText({ text }: { text: string }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change their order
  return text.split(PARTS).map((part, index) => <Fragment key={index}>{shown(part)}</Fragment>);
}

function shown(part: string) {
  if (part.startsWith("`")) return <code>{part.slice(1, -1)}</code>;
  if (part.startsWith("**")) return <strong>{part.slice(2, -2)}</strong>;
  const [, label, target] = LINK.exec(part) ?? [];
  const guide = GUIDE_IDS.find((id) => id === target);
  if (guide === undefined) return part;
  return (
    <TextLink {...paths.deploy({ guide })} underline="always">
      {label}
    </TextLink>
  );
}
