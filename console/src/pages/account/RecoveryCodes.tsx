import { Button, Checkbox, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Notice } from "../../ui/Notice.tsx";
import classes from "./TwoFactor.module.css";

/** Shows new recovery codes once. */
export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const [isStored, setStored] = useState(false);
  return (
    <Stack gap="md">
      <Text>If you lose your phone, sign in with one of these recovery codes. Each works once.</Text>
      <Notice kind="info">
        This is the only time that they are shown. Store them in a password manager.
      </Notice>
      <ul className={classes.codes} aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <Group gap="xs">
        <CopyButton value={codes.join("\n")} />
        <Button variant="default" onClick={() => download(codes)}>
          Download
        </Button>
      </Group>
      <Group justify="space-between">
        <Checkbox
          label="I have stored them"
          checked={isStored}
          onChange={(event) => setStored(event.currentTarget.checked)}
        />
        <Button disabled={!isStored} onClick={onDone}>
          Done
        </Button>
      </Group>
    </Stack>
  );
}

function download(codes: readonly string[]): void {
  const text = `Recovery codes for AttackLens at ${window.location.host}\n\n${codes.join("\n")}\n`;
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "attacklens-recovery-codes.txt";
  link.click();
  URL.revokeObjectURL(url);
}
