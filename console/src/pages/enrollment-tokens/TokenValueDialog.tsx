import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { SegmentedControl, Stack } from "@mantine/core";
import { useState } from "react";
import { CommandBlock } from "../../components/CommandBlock.tsx";
import { ShowOnceDialog } from "../../components/ShowOnceDialog.tsx";
import { countOf } from "../../ui/numbers.ts";
import { exactTime } from "../../ui/time.ts";
import { enrollCommand, PLATFORMS, type Platform } from "./enroll-command.ts";

export interface CreatedToken {
  token: EnrollmentToken;
  value: string;
}

interface TokenValueDialogProps {
  created: CreatedToken;
  onForget: () => void;
  onClose: () => void;
}

/** The value of a new token, once, with the command that uses it. */
export function TokenValueDialog({ created, onForget, onClose }: TokenValueDialogProps) {
  const [platform, setPlatform] = useState<Platform>("linux");
  const { token, value } = created;
  return (
    <ShowOnceDialog
      title="Store the token now"
      intro={
        <>
          <strong>{token.name}</strong> is created. {describe(token)}
        </>
      }
      noun="token"
      label="Enrollment Token"
      value={value}
      onForget={onForget}
      onClose={onClose}
    >
      <Stack gap="xs">
        <SegmentedControl
          aria-label="Platform"
          size="xs"
          data={[...PLATFORMS]}
          value={platform}
          onChange={(chosen) => setPlatform(chosen as Platform)}
        />
        <CommandBlock
          title={`Enroll a ${PLATFORMS.find((one) => one.value === platform)?.label} machine`}
          command={enrollCommand(window.location.origin, platform)}
          note="Run it on the machine and paste the token when asked. It stays out of the shell's history and the list of processes."
        />
      </Stack>
    </ShowOnceDialog>
  );
}

/** What it does, by its own settings. */
function describe({ scope, maxEnrollments, expiresAt, requireApproval }: EnrollmentToken): string {
  const sensors = maxEnrollments === null ? "any number of sensors" : countOf(maxEnrollments, "sensor");
  const into = scope.type === "asset-group" ? ` into ${scope.assetGroup.name}` : "";
  const until = expiresAt ? `until ${exactTime(expiresAt)}` : "and does not expire";
  const approval = requireApproval ? " Each waits until a person approves it." : "";
  return `It brings in ${sensors}${into} ${until}.${approval}`;
}
