import { expect, test } from "vitest";
import { drawnRoot, writeBelow } from "./fixtures/drawnRoot.ts";
import { type EnergyMeter, raplMeter } from "./rapl.ts";

const at = (zone: string, file: string) => `sys/class/powercap/${zone}/${file}`;
const zone = (id: string, name: string, microjoules: number) => ({
  [at(id, "name")]: name,
  [at(id, "max_energy_range_uj")]: "1000000",
  [at(id, "energy_uj")]: String(microjoules),
});
const machine = () =>
  drawnRoot({
    ...zone("intel-rapl:0", "package-0", 900_000),
    ...zone("intel-rapl:0:0", "core", 10),
    ...zone("intel-rapl:0:1", "dram", 100_000),
    ...zone("intel-rapl:1", "psys", 5),
  });

test("packages and their memory are summed, and neither cores nor psys, which hold them again", () => {
  const root = machine();
  const meter = raplMeter(root) as EnergyMeter;
  expect(meter.method).toBe("RAPL, package-0 + dram");
  expect(meter.joules()).toBe(0);
  writeBelow(root, {
    [at("intel-rapl:0", "energy_uj")]: "950000",
    [at("intel-rapl:0:0", "energy_uj")]: "999",
    [at("intel-rapl:0:1", "energy_uj")]: "120000",
    [at("intel-rapl:1", "energy_uj")]: "999",
  });
  expect(meter.joules()).toBeCloseTo(0.07, 12);
});

test("a counter that begins anew goes on from its range", () => {
  const root = machine();
  const meter = raplMeter(root) as EnergyMeter;
  writeBelow(root, { [at("intel-rapl:0", "energy_uj")]: "30000" });
  expect(meter.joules()).toBeCloseTo(0.13, 12);
  writeBelow(root, { [at("intel-rapl:0", "energy_uj")]: "10000" });
  expect(meter.joules()).toBeCloseTo(1.11, 12);
});

test("values that the counters showed are counted, readings of the same are not", () => {
  const root = machine();
  const meter = raplMeter(root) as EnergyMeter;
  for (const value of [900_001, 900_001, 900_002]) {
    writeBelow(root, { [at("intel-rapl:0", "energy_uj")]: String(value) });
    meter.joules();
  }
  expect(meter.updates()).toBe(2);
});

test("a machine without counters, and one that keeps them from the user, have a reason in place of a meter", () => {
  expect(raplMeter(drawnRoot({}))).toMatch(/no RAPL counters/);
  const hidden = drawnRoot({ ...zone("intel-rapl:0", "package-0", 1), [at("intel-rapl:0", "energy_uj")]: "no" });
  expect(raplMeter(hidden)).toMatch(/root alone/);
});
