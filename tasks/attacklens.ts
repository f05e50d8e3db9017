// The server from its sources. A built program has its own entry, which adds the files of the console.
import { main } from "../server/main.ts";

// If no process reads standard output or error, a pending write would keep the program running.
process.exit(await main(process.argv.slice(2), []));
