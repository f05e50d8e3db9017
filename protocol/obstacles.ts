// Why an action on an object is not possible. A table has the actions on a kind of object, and for each the
// states that prevent it: a code, and the words about it. The server enforces the table. An object has the
// sentences in `can`. A row of a list has only the possible actions, and codes.
import { z } from "zod";
import type { Can } from "./page.ts";
import { hasPermission, lowestRole, needsRole, type Permission, ROLES, type Role } from "./permissions.ts";

export interface ObstacleTable {
  /** `enrollment token`. */
  noun: string;
  /** Every action needs it. */
  permission: Permission;
  /** The first obstacle of an action is the usual one, which a row omits. */
  actions: Record<string, { verb: string; obstacles: Record<string, string> }>;
}
export type ActionOf<T extends ObstacleTable> = keyof T["actions"] & string;
export type ObstacleOf<T extends ObstacleTable, A extends ActionOf<T>> = keyof T["actions"][A]["obstacles"] &
  string;

/** The members of a row that say which actions are possible. */
export interface ListedActions<T extends ObstacleTable> {
  actions: ActionOf<T>[];
  obstacles?: { [A in ActionOf<T>]?: ObstacleOf<T, A> | undefined } | undefined;
  needsRole?: Role | undefined;
}

/** The rules of a table: each returns the state that prevents an action, or undefined. */
export type ObstacleRules<T extends ObstacleTable, Facts extends unknown[]> = {
  [A in ActionOf<T>]: (...facts: Facts) => ObstacleOf<T, A> | undefined;
};

export function actionsOf<T extends ObstacleTable>({ actions }: T): ActionOf<T>[] {
  return Object.keys(actions) as ActionOf<T>[];
}

/** Returns a sentence with the reason and the next step. */
export function obstacleSentence<T extends ObstacleTable>(
  table: T,
  action: ActionOf<T>,
  code: string,
): string {
  const { verb, obstacles } = table.actions[action]!;
  return `Can't ${verb} the ${table.noun}: ${obstacles[code]}.`;
}

/** Returns the actions of a row for a caller with the role. */
export function listActions<T extends ObstacleTable, Facts extends unknown[]>(
  table: T,
  rules: ObstacleRules<T, Facts>,
  role: Role,
  ...facts: Facts
): ListedActions<T> {
  if (!hasPermission(role, table.permission)) return { actions: [], needsRole: lowestRole(table.permission) };
  const listed: ListedActions<T> = { actions: [] };
  for (const action of actionsOf(table)) {
    const code = rules[action](...facts);
    if (code === undefined) listed.actions.push(action);
    else if (code !== usualObstacle(table, action)) {
      const obstacles: NonNullable<typeof listed.obstacles> = listed.obstacles ?? {};
      obstacles[action] = code;
      listed.obstacles = obstacles;
    }
  }
  return listed;
}

/** Returns what `can` of the object says about the action. */
export function canOf<T extends ObstacleTable>(table: T, row: ListedActions<T>, action: ActionOf<T>): Can {
  const { actions, obstacles, needsRole: role } = row;
  if (actions.includes(action)) return { allowed: true };
  if (role) return { allowed: false, reason: needsRole(role), needsRole: role };
  const code = obstacles?.[action] ?? usualObstacle(table, action);
  return { allowed: false, ...(code && { reason: obstacleSentence(table, action, code) }) };
}

function usualObstacle(table: ObstacleTable, action: string): string | undefined {
  for (const code in table.actions[action]?.obstacles) return code;
  return undefined;
}

function describeObstacles(obstacles: Record<string, string>): string {
  const [usual, ...others] = Object.entries(obstacles).map(([code, why]) => ({ code, why }));
  return [
    `Absent, and the action is not possible: ${usual?.why}`,
    ...others.map(({ code, why }) => `${code}: ${why}`),
  ].join("; ");
}

/** The members of the schema of a row. */
export function listedActions<const T extends ObstacleTable>(table: T) {
  const obstacles = Object.entries(table.actions).flatMap(([action, { obstacles }]) => {
    const [usual, ...others] = Object.keys(obstacles);
    if (usual === undefined || others.length === 0) return [];
    return [
      [
        action,
        z
          .enum(others)
          .optional()
          .meta({ description: describeObstacles(obstacles) }),
      ],
    ];
  });
  return {
    actions: z
      .array(z.enum(actionsOf(table)))
      .meta({ description: "Actions that are possible. The object itself has the reasons of the others" }),
    obstacles: (
      z.object(Object.fromEntries(obstacles)) as unknown as z.ZodType<ListedActions<T>["obstacles"]>
    )
      .optional()
      .meta({
        description: "Why actions are not possible, as codes, where that is not the usual reason",
      }),
    needsRole: z.enum(ROLES).optional().meta({
      description: "The lowest role that may take the actions. Present: the caller's role is lower",
    }),
  };
}
