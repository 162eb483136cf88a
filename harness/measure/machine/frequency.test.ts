import { expect, test } from "vitest";
import { drawnRoot } from "./fixtures/drawnRoot.ts";
import { clockMhz, clockMoved, clockWarnings } from "./frequency.ts";

const scaling = (cpu: number, kilohertz: number) => ({
  [`sys/devices/system/cpu/cpu${cpu}/cpufreq/scaling_cur_freq`]: String(kilohertz),
});

test("the clock is that of the busiest processors, as many as there are threads, of those that are pinned", () => {
  const root = drawnRoot({
    ...scaling(0, 800_000),
    ...scaling(1, 3_400_000),
    ...scaling(2, 3_000_000),
    ...scaling(10, 5e6),
  });
  expect(clockMhz({ root, threads: 1 })).toBe(5000);
  expect(clockMhz({ root, threads: 2, cpus: [0, 1, 2] })).toBe(3200);
  expect(clockMhz({ root, threads: 8, cpus: [0] })).toBe(800);
});

test("without cpufreq the processor's own table is read, and a machine that tells nothing has no clock", () => {
  const cpuinfo = "processor\t: 0\ncpu MHz\t\t: 2596.122\n\nprocessor\t: 1\ncpu MHz\t\t: 2400.000\n";
  expect(clockMhz({ root: drawnRoot({ "proc/cpuinfo": cpuinfo }), threads: 1 })).toBe(2596.122);
  expect(clockMhz({ root: drawnRoot({ "proc/cpuinfo": "processor\t: 0\n" }), threads: 1 })).toBeUndefined();
});

test("one slow round is no moving clock, a third of the rounds is, and few rounds tell nothing", () => {
  const rounds = (slow: number) => Array.from({ length: 20 }, (_, i) => (i < slow ? 2100 : 3400));
  expect(clockMoved(rounds(1))).toBeUndefined();
  expect(clockMoved(rounds(7))).toEqual({ low: 2100, high: 3400 });
  expect(clockMoved(rounds(7).slice(3, 11))).toBeUndefined();
});

test("the warning asks for another governor where one saves power, and for rest where none does", () => {
  const clocks = Array.from({ length: 20 }, (_, i) => (i < 9 ? 3400 : 2100));
  const [saving] = clockWarnings(clocks, "powersave");
  expect(saving).toMatchObject({ about: "latency", ask: "clock" });
  expect(saving!.text).toContain("between 2.10 and 3.40 GHz while latencies were measured. Set the governor");
  expect(clockWarnings(clocks, "performance")[0]!.text).toContain("Let the machine cool");
  expect(clockWarnings(clocks.fill(3400), "powersave")).toEqual([]);
});
