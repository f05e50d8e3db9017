import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";

export function TokenScope({ scope }: { scope: EnrollmentToken["scope"] }) {
  if (scope.type === "all-assets") return "All assets";
  const { name, deleted } = scope.assetGroup;
  return <span title={name}>{deleted ? `${name} (deleted)` : name}</span>;
}
