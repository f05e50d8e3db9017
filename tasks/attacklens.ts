// The entry point of dist/attacklens: the server, with the files of the console.
import page from "../console/src/index.html";
import { main } from "../server/main.ts";

// If no process reads standard output or error, a pending write would keep the program running.
process.exit(await main(process.argv.slice(2), page));
