// Prometheus metrics of the process and its requests. Labels contain route templates, never ids or secrets.
import { timingSafeEqual } from "node:crypto";
import { Counter, collectDefaultMetrics, Registry } from "prom-client";
import { openRequestMeter } from "./request-meter.ts";

interface MetricsOptions {
  /** Returns the number of lines that the log has dropped so far. */
  droppedLogLines: () => number;
  /** Measuring the process walks through its heap. Without a reader of the metrics, it is left out. */
  measuresProcess: boolean;
  /** The number of this process, if the server has several; each value then has it as a label. */
  process?: number | undefined;
}

export function openMetrics({ droppedLogLines, measuresProcess, process }: MetricsOptions) {
  const registry = new Registry();
  if (process !== undefined) registry.setDefaultLabels({ process: String(process) });
  if (measuresProcess) collectDefaultMetrics({ register: registry, prefix: "attacklens_" });
  return {
    registry,
    requests: openRequestMeter(registry),
    refusals: new Counter({
      name: "attacklens_problems_total",
      help: "Requests refused or failed, by problem code",
      labelNames: ["code"],
      registers: [registry],
    }),
    droppedLogLines: new Counter({
      name: "attacklens_log_lines_dropped_total",
      help: "Log lines dropped because the log was not read, or could not be written",
      registers: [registry],
      collect() {
        this.reset();
        this.inc(droppedLogLines());
      },
    }),
  };
}

export type Metrics = ReturnType<typeof openMetrics>;

/**
 * Returns whether the request has the configured token. The client's address is no substitute: a proxy on
 * this host can forward any request without a trace of its client.
 */
export function mayReadMetrics(headers: Headers, metricsToken: string | undefined): boolean {
  if (metricsToken === undefined) return false;
  const given = Buffer.from(headers.get("authorization") ?? "");
  const wanted = Buffer.from(`Bearer ${metricsToken}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
