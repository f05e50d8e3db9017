import { expect, test } from "bun:test";
import { QueryClient } from "@tanstack/react-query";
import { hideRows, keptPage, noteChange, showRows } from "./list-pages.ts";

const key = ["sensors", "list", "pages", {}];
const page = (fetchedAt: number) => ({ items: Array.from({ length: 100 }), fetchedAt });

test("a refresh fetches the pages on the screen, and all pages after a change by the user", () => {
  const client = new QueryClient();
  const now = Date.now();
  const pages = [page(now), page(now), page(now - 60_000), page(now)];
  const cursors = [undefined, "a", "b", "c"];
  client.setQueryData(key, { pages, pageParams: cursors });
  const fetched = () => cursors.filter((cursor) => !keptPage(client, key, cursor));
  expect(fetched(), "the list is not on the screen").toEqual(cursors);

  expect(showRows(key, pages, { first: 90, last: 130 }, 15_000)).toBe(false);
  expect(fetched()).toEqual([undefined, "a"]);
  expect(showRows(key, pages, { first: 150, last: 230 }, 15_000)).toBe(true);
  expect(fetched()).toEqual(["a", "b"]);
  expect(keptPage(client, key, "another end of the page before")).toBeUndefined();

  noteChange("assets");
  expect(fetched()).toEqual(["a", "b"]);
  noteChange("sensors");
  expect(fetched()).toEqual(cursors);
  client.setQueryData(key, { pages: pages.map(() => page(Date.now() + 1)), pageParams: cursors });
  expect(fetched()).toEqual(["a", "b"]);
  hideRows(key);
  expect(fetched()).toEqual(cursors);
});
