// Ctrl/⌘ K: finds pages, objects and actions. The pattern is the combobox with a list box of WAI-ARIA.
import { Modal, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { meQuery } from "../queries.ts";
import classes from "./palette.module.css";
import { type Found, findCommands, findObjects } from "./palette-search.ts";

interface CommandPaletteProps {
  onClose: () => void;
  onHelp: () => void;
}

interface Command extends Omit<Found, "link"> {
  run: () => void;
}

const DEBOUNCE_MS = 150;

export function CommandPalette({ onClose, onHelp }: CommandPaletteProps) {
  const { data: me } = useSuspenseQuery(meQuery);
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const listId = useId();
  const typed = text.trim();
  const [searched] = useDebouncedValue(typed, DEBOUNCE_MS);
  const { data, isFetching } = useQuery({
    queryKey: ["palette", searched, me.permissions],
    queryFn: ({ signal }) => findObjects(searched, me.permissions, signal),
    enabled: searched !== "",
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: false,
  });
  const objects = typed === "" ? [] : (data?.found ?? []);
  const commands: Command[] = [...findCommands(typed, me.permissions), ...objects].map(
    ({ link, ...found }) => ({
      ...found,
      run: () => {
        onClose();
        void navigate(link);
      },
    }),
  );
  if ("keyboard shortcuts help".includes(typed.toLowerCase()))
    commands.push({ group: "Actions", id: "help", label: "Keyboard shortcuts", run: onHelp });
  const groups = [...Map.groupBy(commands, ({ group }) => group)];
  const shown = groups.flatMap(([, members]) => members);
  const chosen = shown[Math.min(active, shown.length - 1)];
  const optionId = (one: Command) => `${listId}-${one.group}-${one.id}`.replaceAll(" ", "-");
  const activeId = chosen && optionId(chosen);
  const isWaiting = typed !== "" && (isFetching || searched !== typed);

  useEffect(() => {
    if (activeId) document.getElementById(activeId)?.scrollIntoView({ block: "nearest" });
  }, [activeId]);

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return;
    const last = shown.length - 1;
    if (event.key === "ArrowDown") setActive((at) => (at >= last ? 0 : at + 1));
    else if (event.key === "ArrowUp") setActive((at) => (at <= 0 ? last : Math.min(at, last) - 1));
    else if (event.key === "Enter") chosen?.run();
    else return;
    event.preventDefault();
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title="Find pages, objects and actions"
      size={600}
      padding={0}
      centered={false}
      withCloseButton={false}
      classNames={{ header: classes.header ?? "" }}
    >
      <TextInput
        role="combobox"
        aria-label="Find pages, objects and actions"
        aria-expanded
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={activeId}
        placeholder="Hostname, name, id, reference, page or action"
        leftSection={<IconSearch size={16} aria-hidden="true" />}
        variant="unstyled"
        size="md"
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
        classNames={{ root: classes.search ?? "" }}
        value={text}
        onChange={({ currentTarget }) => {
          setText(currentTarget.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={listId} role="listbox" aria-label="Results" className={classes.list}>
        {groups.map(([group, members]) => (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a list box
          <div key={group} role="group" aria-label={group}>
            <div className={classes.group} aria-hidden="true">
              {group}
            </div>
            {members.map((one) => (
              // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus
              // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys
              <div
                key={one.id}
                id={optionId(one)}
                role="option"
                aria-selected={one === chosen}
                className={classes.option}
                onMouseMove={() => setActive(shown.indexOf(one))}
                onClick={one.run}
              >
                <span className={classes.label}>{one.label}</span>
                {one.hint && <span className={classes.hint}>{one.hint}</span>}
              </div>
            ))}
          </div>
        ))}
      </div>
      <Text role="status" size="sm" c="dimmed" className={classes.state}>
        {stateText(shown.length, isWaiting, data?.failure)}
      </Text>
    </Modal>
  );
}

function stateText(count: number, isWaiting: boolean, failure: string | undefined): string {
  if (isWaiting) return "Searching…";
  if (failure) return `Some lists could not be searched: ${failure}`;
  return count === 0 ? "Nothing matches." : "";
}
