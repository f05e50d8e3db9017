import { useQuery } from "@tanstack/react-query";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { refreshMs } from "../../queries.ts";
import { BarList } from "../../ui/BarList.tsx";
import { countsQuery } from "./overview-queries.ts";
import { Panel } from "./Panel.tsx";

const VERSIONS_SHOWN = 5;

/** The versions with the most sensors. */
export function SensorVersions() {
  const query = useQuery({ ...countsQuery, refetchInterval: refreshMs });
  return (
    <Panel title="Sensor versions" query={query} more={<TextLink {...paths.updates()}>Updates</TextLink>}>
      {({ byVersion }) => {
        if (byVersion.length === 0) return <p className="quiet">No sensors have enrolled yet.</p>;
        const others = byVersion.slice(VERSIONS_SHOWN).reduce((sum, { sensors }) => sum + sensors, 0);
        return (
          <BarList
            label="Sensors by version"
            heading="Version"
            noun="Sensors"
            rows={[
              ...byVersion.slice(0, VERSIONS_SHOWN).map(({ version, sensors }) => ({
                key: version,
                label: <TextLink {...paths.updateHosts({ version })}>{version}</TextLink>,
                count: sensors,
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
