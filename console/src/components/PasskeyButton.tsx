import { Button, Stack } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useState } from "react";
import { problemOf } from "../api.ts";
import { usePasskey as askForPasskey, hasPasskeys } from "../passkeys.ts";
import { Notice } from "../ui/Notice.tsx";

interface PasskeyButtonProps {
  label: string;
  onReply: (reply: Awaited<ReturnType<typeof askForPasskey>>) => Promise<void>;
}

/** Uses a passkey. Absent in a browser without passkeys. */
export function PasskeyButton({ label, onReply }: PasskeyButtonProps) {
  const [isWorking, setWorking] = useState(false);
  const [error, setError] = useState<string>();
  if (!hasPasskeys()) return null;
  async function start() {
    setWorking(true);
    setError(undefined);
    try {
      await onReply(await askForPasskey());
    } catch (thrown) {
      setError(problemOf(thrown).detail);
    } finally {
      setWorking(false);
    }
  }
  return (
    <Stack gap="md">
      {error && <Notice kind="danger">{error}</Notice>}
      <Button
        variant="default"
        fullWidth
        leftSection={<IconFingerprint size={16} />}
        loading={isWorking}
        onClick={() => void start()}
      >
        {label}
      </Button>
    </Stack>
  );
}
