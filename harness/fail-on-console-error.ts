// Loaded before every test file. A test that calls console.error fails: see CONTRIBUTING.md, "Tests".
import { afterEach } from "bun:test";
import { format } from "node:util";

const write = console.error;
const messages: string[] = [];

console.error = (...values: unknown[]) => {
  messages.push(format(...values));
  write(...values);
};

afterEach(() => {
  const printed = messages.splice(0);
  if (printed.length > 0) throw new Error(`console.error was called during this test: ${printed.join("\n")}`);
});
