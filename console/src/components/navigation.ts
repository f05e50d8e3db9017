// The entries of the sidebar.
import type { Permission } from "@attacklens/protocol/permissions.ts";
import {
  IconLayoutDashboard,
  IconRadar2,
  IconServer2,
  IconSettings,
  IconUsers,
  type TablerIcon,
} from "@tabler/icons-react";
import { paths } from "../paths.ts";

export const NAVIGATION = [
  {
    label: "Fleet",
    icon: IconLayoutDashboard,
    entries: [{ label: "Overview", link: paths.home() }],
  },
  {
    label: "Sensors",
    icon: IconRadar2,
    entries: [
      { label: "All sensors", link: paths.sensors() },
      { label: "Enrollment Tokens", link: paths.enrollmentTokens() },
      { label: "Enrollments", link: paths.enrollments() },
      { label: "Deploy", link: paths.deploy() },
      { label: "Updates", link: paths.updates() },
    ],
  },
  {
    label: "Assets",
    icon: IconServer2,
    entries: [
      { label: "All assets", link: paths.assets() },
      { label: "Asset Groups", link: paths.assetGroups() },
    ],
  },
  {
    label: "Team Management",
    icon: IconUsers,
    permission: "users:manage",
    entries: [{ label: "Users", link: paths.users() }],
  },
  {
    label: "Settings",
    icon: IconSettings,
    permission: "api-keys:manage",
    entries: [
      { label: "API keys", link: paths.apiKeys() },
      { label: "Audit log", link: paths.auditLog() },
      { label: "System", link: paths.system() },
    ],
  },
] as const satisfies { label: string; icon: TablerIcon; permission?: Permission; entries: unknown[] }[];

export type Section = (typeof NAVIGATION)[number];
