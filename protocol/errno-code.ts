/** The code of a system error, such as `ENOENT`, or of a database error; undefined if the error has none. */
export function errnoCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}
