// A second, simple implementation of tokens that a test compares with the server. It follows the
// documentation, not the code, and applies operations one at a time. Concurrent operations must have the
// result of some order.
import type { TokenStatus } from "@attacklens/protocol/enrollment-tokens.ts";

export interface ModelToken {
  limit: number | null;
  expiresAt: number | null;
  group: number | null;
  revoked: boolean;
  paused: boolean;
  deleted: boolean;
}

export interface Model {
  now: number;
  tokens: ModelToken[];
  deletedGroups: number[];
  /** The token that each host enrolled with. */
  hosts: Record<number, number>;
  /** Clones of hosts, with the token of their original, and whether they count as a use of it. */
  clones: Record<string, { token: number; admitted: boolean }>;
}

export type Operation =
  | { type: "enroll"; token: number; host: number }
  | { type: "clone"; host: number; clone: number }
  | { type: "pause" | "resume" | "revoke" | "delete"; token: number }
  | { type: "extend"; token: number; limit?: number | null; expiresInMs?: number | null }
  | { type: "delete-group"; group: number };

export function usesOf({ hosts, clones }: Model, token: number): number {
  const admitted = Object.values(clones).filter((clone) => clone.admitted && clone.token === token);
  return Object.values(hosts).filter((used) => used === token).length + admitted.length;
}

export function statusOf(model: Model, index: number): TokenStatus {
  const token = model.tokens[index]!;
  if (token.revoked) return "revoked";
  if (token.expiresAt !== null && model.now >= token.expiresAt) return "expired";
  if (token.group !== null && model.deletedGroups.includes(token.group)) return "group-deleted";
  if (token.limit !== null && usesOf(model, index) >= token.limit) return "used-up";
  return token.paused ? "paused" : "active";
}

/** Applies the operation. Returns the HTTP status, and the problem code if an enrollment is refused. */
export function apply(model: Model, operation: Operation): string {
  if (operation.type === "delete-group") {
    if (model.deletedGroups.includes(operation.group)) return "404";
    model.deletedGroups.push(operation.group);
    return "204";
  }
  if (operation.type === "clone") return clone(model, operation);
  const token = model.tokens[operation.token]!;
  if (operation.type === "enroll") return enroll(model, operation.token, operation.host);
  if (token.deleted) return "404";
  switch (operation.type) {
    case "delete":
      token.deleted = true;
      return "204";
    case "revoke":
      if (token.revoked) return "409";
      token.revoked = true;
      return "200";
    case "pause":
      // Only a token that admits sensors can be paused.
      if (statusOf(model, operation.token) !== "active" || token.paused) return "409";
      token.paused = true;
      return "200";
    case "resume":
      if (token.revoked || !token.paused) return "409";
      token.paused = false;
      return "200";
    case "extend": {
      if (token.revoked) return "409";
      const { limit, expiresInMs } = operation;
      if (typeof limit === "number" && limit < usesOf(model, operation.token)) return "422";
      if (limit !== undefined) token.limit = limit;
      if (expiresInMs !== undefined) token.expiresAt = expiresInMs === null ? null : model.now + expiresInMs;
      return "200";
    }
  }
}

function enroll(model: Model, token: number, host: number): string {
  const earlier = model.hosts[host];
  if (earlier !== undefined) return earlier === token ? "201" : "409 key-taken";
  if (model.tokens[token]!.deleted) return "401 token-unknown";
  const status = statusOf(model, token);
  if (status !== "active") return `403 token-${status}`;
  model.hosts[host] = token;
  return "201";
}

/**
 * A clone always becomes a sensor. If the token would refuse an enrollment, it awaits approval and no use is
 * counted.
 */
function clone(model: Model, { host, clone }: { host: number; clone: number }): string {
  const token = model.hosts[host];
  if (token === undefined) return "no original";
  const earlier = model.clones[`${host}-${clone}`];
  const admitted =
    earlier?.admitted ?? (!model.tokens[token]!.deleted && statusOf(model, token) === "active");
  model.clones[`${host}-${clone}`] = { token, admitted };
  return admitted ? "201" : "201 awaiting approval";
}

/** Returns the states after each order of the operations that explains all replies. */
export function explain(model: Model, operations: Operation[], replies: string[]): Model[] {
  if (operations.length === 0) return [model];
  return operations.flatMap((operation, index) => {
    const next = structuredClone(model);
    if (apply(next, operation) !== replies[index]) return [];
    const without = <T>(list: T[]) => list.filter((_, other) => other !== index);
    return explain(next, without(operations), without(replies));
  });
}
