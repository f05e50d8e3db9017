// npm start: builds the server if needed and runs it as in production. It accepts the flags of `attacklens
// serve`.
import { build, programPath, SERVER } from "../harness/build.ts";
import { callerPath, runTask } from "../harness/terminal.ts";

await runTask("start", async (opened) => {
  await build({ programs: [SERVER] });
  const server = Bun.spawn([programPath(SERVER), "serve", ...withCallerPaths(process.argv.slice(2))], {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    detached: true,
  });
  opened.defer(async () => {
    server.kill("SIGTERM");
    await server.exited;
  });
  return await server.exited;
});

/** `--data DIR` is relative to the folder in which the user called npm. */
function withCallerPaths(args: string[]): string[] {
  return args.map((arg, index) => {
    if (arg.startsWith("--data=")) return `--data=${callerPath(arg.slice("--data=".length))}`;
    return args[index - 1] === "--data" ? callerPath(arg) : arg;
  });
}
