import { signOut } from "@attacklens/protocol/account.ts";
import { ROLE_NAMES } from "@attacklens/protocol/permissions.ts";
import { type MantineColorScheme, Menu, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import {
  IconDeviceDesktop,
  IconLogout,
  IconMoon,
  IconSearch,
  IconSelector,
  IconSun,
  IconUserCircle,
} from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { callApi, problemOf } from "../api.ts";
import { paths } from "../paths.ts";
import { meQuery } from "../queries.ts";
import { openByKeyboard } from "./Keyboard.tsx";
import classes from "./Shell.module.css";

const SCHEMES: { value: MantineColorScheme; label: string; icon: typeof IconSun }[] = [
  { value: "light", label: "Light", icon: IconSun },
  { value: "dark", label: "Dark", icon: IconMoon },
  { value: "auto", label: "System", icon: IconDeviceDesktop },
];

/** The signed-in user, the theme, and sign-out. */
export function AccountMenu() {
  const { data: me } = useSuspenseQuery({ ...meQuery, refetchInterval: 60_000 });
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const navigate = useNavigate();

  async function leave() {
    try {
      await callApi(signOut, {});
    } catch (error) {
      const problem = problemOf(error);
      if (problem.code !== "not-signed-in") {
        notifications.show({ color: "red", title: "Sign-out failed", message: problem.detail });
        return;
      }
    }
    await navigate(paths.signIn());
  }

  return (
    <Menu position="top-start" width={220} withinPortal={false}>
      <Menu.Target>
        <UnstyledButton className={classes.account}>
          <span className={classes.initials} aria-hidden="true">
            {initials(me.name)}
          </span>
          <span className={classes.who}>
            <span className="visually-hidden">Account: </span>
            <span className={classes.name}>{me.name}</span>
            <span className={classes.role}>{ROLE_NAMES[me.role]}</span>
          </span>
          <IconSelector size={16} aria-hidden="true" />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.email}</Menu.Label>
        <Menu.Item leftSection={<IconUserCircle size={16} />} onClick={() => navigate(paths.account())}>
          Account
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Theme</Menu.Label>
        <Menu.RadioGroup
          value={colorScheme}
          onChange={(chosen) => setColorScheme(chosen as MantineColorScheme)}
        >
          {SCHEMES.map(({ value, label, icon: Icon }) => (
            <Menu.RadioItem key={value} value={value} rightSection={<Icon size={16} />}>
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item leftSection={<IconSearch size={16} />} onClick={() => openByKeyboard("palette")}>
          Find
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={leave}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return ((words[0]?.[0] ?? "") + (words.length > 1 ? (words.at(-1)?.[0] ?? "") : "")).toUpperCase();
}
