import { useQuery } from "@tanstack/react-query";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { refreshMs } from "../../queries.ts";
import { BarList } from "../../ui/BarList.tsx";
import { updatesQuery } from "./overview-queries.ts";
import { Panel } from "./Panel.tsx";

const VERSIONS_SHOWN = 5;

/** The versions with the most hosts, as the page Updates counts them. */
export function SensorVersions() {
  const query = useQuery({ ...updatesQuery, refetchInterval: refreshMs });
  return (
    <Panel title="Sensor versions" query={query} more={<TextLink {...paths.updates()}>Updates</TextLink>}>
      {({ versions }) => {
        if (versions.length === 0) return <p className="quiet">No sensors have enrolled yet.</p>;
        const others = versions.slice(VERSIONS_SHOWN).reduce((sum, { hosts }) => sum + hosts, 0);
        return (
          <BarList
            label="Hosts by version"
            heading="Version"
            noun="Hosts"
            rows={[
              ...versions.slice(0, VERSIONS_SHOWN).map(({ version, hosts }) => ({
                key: version,
                label: <TextLink {...paths.updateHosts({ version })}>{version}</TextLink>,
                count: hosts,
              })),
              ...(others > 0
                ? [
                    {
                      key: "",
                      label: <TextLink {...paths.updates()}>Other versions</TextLink>,
                      count: others,
                    },
                  ]
                : []),
            ]}
          />
        );
      }}
    </Panel>
  );
}
