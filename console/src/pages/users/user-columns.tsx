import { ROLE_NAMES } from "@attacklens/protocol/permissions.ts";
import type { User, UserStatus } from "@attacklens/protocol/users.ts";
import { type Columns, columnsOf } from "../../ui/DataTable.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { type RowAction, RowMenu } from "../../ui/RowMenu.tsx";
import { Status, type StatusColor } from "../../ui/Status.tsx";
import { useNow } from "../../ui/use-now.ts";

const column = columnsOf<User>();

export const USER_STATUS_LOOKS: Record<UserStatus, { label: string; color: StatusColor }> = {
  active: { label: "Active", color: "green" },
  invited: { label: "Invited", color: "yellow" },
  disabled: { label: "Disabled", color: "gray" },
};

export function userColumns(ownId: string, actionsFor: (user: User) => RowAction[]): Columns<User> {
  return [
    column.display({
      id: "name",
      header: "Name",
      meta: { sortable: true },
      cell: ({ row: { original: user } }) => (
        <span title={user.name}>
          {user.name}
          {user.id === ownId && <span className="quiet"> (you)</span>}
        </span>
      ),
    }),
    column.display({
      id: "email",
      header: "Email",
      meta: { sortable: true },
      cell: ({ row: { original: user } }) => <span title={user.email}>{user.email}</span>,
    }),
    column.display({
      id: "role",
      header: "Role",
      meta: { width: "140px", sortable: true },
      cell: ({ row }) => ROLE_NAMES[row.original.role],
    }),
    column.display({
      id: "status",
      header: "Status",
      meta: { width: "196px", sortable: true },
      cell: ({ row }) => <UserStatusMark user={row.original} />,
    }),
    column.display({
      id: "lastSignInAt",
      header: "Last sign-in",
      meta: { width: "110px", sortable: true },
      cell: ({ row }) =>
        row.original.lastSignInAt ? <RelativeTime at={row.original.lastSignInAt} /> : "Never",
    }),
    column.display({
      id: "createdAt",
      header: "Created",
      meta: { width: "110px", sortable: true, wideOnly: true },
      cell: ({ row }) => <RelativeTime at={row.original.createdAt} />,
    }),
    column.display({
      id: "menu",
      header: () => <span className="visually-hidden">Actions</span>,
      meta: { width: "52px", align: "right" },
      cell: ({ row }) => <RowMenu name={row.original.name} actions={actionsFor(row.original)} />,
    }),
  ];
}

/** An invitation also shows its expiry. */
function UserStatusMark({ user: { status, invitationExpiresAt: expiry } }: { user: User }) {
  const now = useNow();
  const { label, color } = USER_STATUS_LOOKS[status];
  return (
    <>
      <Status color={color}>{label}</Status>
      {expiry && (
        <span className="quiet">
          , {Date.parse(expiry) <= now ? "expired" : "expires"} <RelativeTime at={expiry} />
        </span>
      )}
    </>
  );
}
