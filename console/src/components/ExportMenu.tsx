import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { stringifySearch } from "../paths.ts";

/** The routes that export a list. */
export interface ExportRoutes {
  csv: { path: string };
  jsonLines: { path: string };
}

/** Links, so that the browser saves an export of any size while it arrives. */
export function ExportMenu({ routes, query }: { routes: ExportRoutes; query: Record<string, unknown> }) {
  const text = stringifySearch(query);
  return (
    <Menu position="bottom-end" withinPortal={false}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden="true" />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={routes.csv.path + text} download>
          CSV
        </Menu.Item>
        <Menu.Item component="a" href={routes.jsonLines.path + text} download>
          JSON lines
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
