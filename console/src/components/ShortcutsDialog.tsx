import { Checkbox, Group, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import classes from "./palette.module.css";
import { areShortcutsOff, SHORTCUTS, type Shortcut, turnShortcuts } from "./shortcuts.ts";

const SECTIONS = ["Everywhere", "Lists"] as const;

/** All shortcuts. The user can turn off those of a single key, for example with speech input. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const [isOn, setOn] = useState(() => !areShortcutsOff());
  return (
    <Modal
      opened
      onClose={onClose}
      title="Keyboard shortcuts"
      size={440}
      closeButtonProps={{ "aria-label": "Close dialog" }}
    >
      <Stack gap="md">
        {SECTIONS.map((section) => (
          <section key={section} aria-label={section}>
            <Text component="h3" fw={600} mb={6}>
              {section}
            </Text>
            <Stack gap={6}>
              {SHORTCUTS.filter((one) => one.section === section).map((one) => (
                <Group key={one.label} justify="space-between" wrap="nowrap">
                  <span>{one.label}</span>
                  <kbd className={classes.key}>{keyText(one)}</kbd>
                </Group>
              ))}
            </Stack>
          </section>
        ))}
        <Text c="dimmed" size="sm">
          In a table, the arrow keys move between rows and between the controls of a row.
        </Text>
        <Checkbox
          label="Use shortcuts of a single key"
          checked={isOn}
          onChange={({ currentTarget: { checked } }) => {
            turnShortcuts(checked);
            setOn(checked);
          }}
        />
      </Stack>
    </Modal>
  );
}

/** `⌘ K` on a Mac, `Ctrl K` elsewhere. */
function keyText({ key, isWithModifier }: Shortcut): string {
  if (!isWithModifier) return key;
  return `${/Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl"} ${key.toUpperCase()}`;
}
