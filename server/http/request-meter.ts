// Counts requests and their durations by route and status. Counting a request of a route needs no look-up by
// labels, which prom-client makes for each value: the values become metrics when they are read.
import { Counter, Gauge, type Metric, type Registry } from "prom-client";

const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
const DURATIONS = { name: "attacklens_http_request_duration_seconds", help: "Time to answer" };

interface Counted {
  labels: { method: string; route: string };
  byStatus: Map<number, number>;
  /** Requests that took at most as long as each bucket, and longer than the one before. */
  buckets: number[];
  seconds: number;
  requests: number;
}

export function openRequestMeter(registry: Registry) {
  const counted = new Map<string, Counted>();
  let inFlight = 0;

  new Counter({
    name: "attacklens_http_requests_total",
    help: "Requests answered",
    labelNames: ["method", "route", "status"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, byStatus } of counted.values())
        for (const [status, requests] of byStatus) this.inc({ ...labels, status }, requests);
    },
  });
  new Gauge({
    name: "attacklens_http_requests_in_flight",
    help: "Requests being answered now",
    registers: [registry],
    collect() {
      this.set(inFlight);
    },
  });
  // A registry reads only these members. A Histogram of prom-client takes single values.
  const durations = {
    ...DURATIONS,
    type: "histogram",
    get: async () => ({ ...DURATIONS, type: "histogram", values: [...counted.values()].flatMap(valuesOf) }),
    reset: () => counted.clear(),
  };
  registry.registerMetric(durations as unknown as Metric);

  return {
    /** A request has arrived. */
    begin(): void {
      inFlight++;
    },
    /** Returns the counter of a route. */
    of(method: string, route: string) {
      const key = `${method} ${route}`;
      const own = counted.get(key) ?? {
        ...{ labels: { method, route }, byStatus: new Map(), buckets: BUCKETS.map(() => 0) },
        ...{ seconds: 0, requests: 0 },
      };
      counted.set(key, own);
      return {
        /** A request of the route was answered. */
        end(status: number, seconds: number): void {
          inFlight--;
          own.byStatus.set(status, (own.byStatus.get(status) ?? 0) + 1);
          own.requests++;
          own.seconds += seconds;
          const bucket = BUCKETS.findIndex((limit) => seconds <= limit);
          if (bucket >= 0) own.buckets[bucket]!++;
        },
      };
    },
  };
}

function valuesOf({ labels, buckets, seconds, requests }: Counted) {
  if (requests === 0) return [];
  const { name } = DURATIONS;
  let within = 0;
  const cumulative = BUCKETS.map((le, index) => {
    within += buckets[index]!;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: within };
  });
  return [
    ...cumulative,
    { metricName: `${name}_bucket`, labels: { le: "+Inf", ...labels }, value: requests },
    { metricName: `${name}_sum`, labels, value: seconds },
    { metricName: `${name}_count`, labels, value: requests },
  ];
}
