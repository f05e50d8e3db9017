// A program that tests start and kill: it opens the SQLite database of a data folder like `serve`.
import { openDatabase } from "../db/open.ts";

await (await openDatabase({ dataDir: process.argv[2]! })).destroy();
