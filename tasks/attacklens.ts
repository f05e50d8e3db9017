// What dist/attacklens is built from: the server with the console's files inside it.
import page from "../console/src/index.html";
import { main } from "../server/main.ts";

// Standard output or error that nobody reads would keep the program from ending.
process.exit(await main(process.argv.slice(2), page));
