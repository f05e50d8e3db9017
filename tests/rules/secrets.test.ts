// No credential is committed, not even for a test: a scanner cannot distinguish it from a real one.
import { expect, test } from "bun:test";
import { formatTokenValue, TOKEN_VALUE_PATTERN, tokenValueError } from "@attacklens/protocol/token-value.ts";
import { expectNone, FILES, readSource } from "./sources.ts";

const TEXTS = FILES.filter((file) => !/\.(png|ico|woff2?|gz|db)$/.test(file));

const tokenValuesIn = (text: string) =>
  [...text.matchAll(TOKEN_VALUE_PATTERN)].map(([value]) => value).filter((value) => !tokenValueError(value));

test("no token value is committed", () => {
  expect(tokenValuesIn(`x ${formatTokenValue(new Uint8Array(32))} y`)).toHaveLength(1);
  const wrong = TEXTS.filter((file) => tokenValuesIn(readSource(file)).length > 0);
  expectNone("generate one in the test with formatTokenValue", wrong);
});

test("no private key is committed", () => {
  const wrong = TEXTS.filter((file) =>
    /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*\n[A-Za-z0-9+/=]{16}/.test(readSource(file)),
  );
  expectNone("generate one in the test", wrong);
});
