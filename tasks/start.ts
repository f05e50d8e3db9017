// npm start: builds the server when needed and runs it as it is run for real; its flags are those of `attacklens serve`.
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

/** `--data DIR` means a folder beside where npm was called, as in any program. */
function withCallerPaths(args: string[]): string[] {
  return args.map((arg, index) => {
    if (arg.startsWith("--data=")) return `--data=${callerPath(arg.slice("--data=".length))}`;
    return args[index - 1] === "--data" ? callerPath(arg) : arg;
  });
}
