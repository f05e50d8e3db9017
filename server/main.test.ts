import { expect, spyOn, test } from "bun:test";
import { main } from "./main.ts";

test("help after a command is help too, and no error", async () => {
  using print = spyOn(console, "log").mockImplementation(() => {});
  for (const args of [
    ["help"],
    ["serve", "--help"],
    ["serve", "--data", "/nowhere", "-h"],
    ["user", "create", "--help"],
  ]) {
    expect(await main(args, {})).toBe(0);
    expect(print.mock.lastCall?.[0]).toStartWith("Usage:\n  attacklens serve");
  }
});
