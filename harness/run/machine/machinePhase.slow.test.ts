import { afterAll, beforeAll, expect, test } from "vitest";
import { allowedCpus } from "../../measure/machine/cpus.ts";
import { drawnRoot, writeBelow } from "../../measure/machine/fixtures/drawnRoot.ts";
import { raplMeter } from "../../measure/machine/rapl.ts";
import { conditionsOf, differingConditions } from "../../results/report/conditions.ts";
import { reportOf } from "../../results/report.ts";
import { drawnStarts, plain, recordedRun } from "./fixtures/recordedRun.ts";

const asked = { ...plain, "cold-start": true };

let run: Awaited<ReturnType<typeof recordedRun>>;
beforeAll(async () => {
  run = await recordedRun();
});
afterAll(() => run.remove());

test("Ctrl-C keeps the starts so far, and the same command measures the others", async () => {
  run.record({ coldStart: drawnStarts(8) });
  const stopped = await run.again(asked, { afterStarts: 0 });
  expect(stopped.manifest.status.state).toBe("stopped");
  expect(stopped.manifest.coldStart).toHaveLength(9);
  const ended = await run.again(asked);
  expect(ended.manifest.status.state).toBe("done");
  expect(ended.manifest.coldStart).toHaveLength(10);
});

test("all starts of a run are five pairs, in which neither optimisation is always the first", async () => {
  run.record({ coldStart: undefined });
  const { manifest } = await run.again(asked);
  const kinds = manifest.coldStart!.map(({ optimisation }) => (optimisation === "all" ? "a" : "d")).join("");
  expect(kinds).toBe("daaddaadda");
  const { coldStart } = await reportOf({ ...run.stored, manifest });
  expect(coldStart!.stages.optimise!.n).toBe(5);
  expect(coldStart!.stages.library!.n).toBe(10);
});

const isLinux = process.platform === "linux";

test.skipIf(!isLinux)(
  "a pinned run is another run than one that is not, has a thread a processor, and says so",
  async () => {
    const cpu = String(allowedCpus()!.at(-1)!);
    const { threads: _, ...unset } = plain;
    const { manifest } = await run.again({ ...unset, cpus: cpu });
    expect(manifest.id).not.toBe(run.stored.manifest.id);
    expect(manifest.runtime).toMatchObject({ cpus: cpu, threads: 1 });
    expect(differingConditions(conditionsOf(manifest), conditionsOf(run.stored.manifest))).toEqual(["cpus"]);
  },
);

/** A machine whose package takes 25 W, in steps of a tenth of a second; its counter begins anew every 0.36 s. */
function runningMachine() {
  const zone = "sys/class/powercap/intel-rapl:0";
  const counter = `${zone}/energy_uj`;
  const root = drawnRoot({ [`${zone}/name`]: "package-0", [`${zone}/max_energy_range_uj`]: "9000000", [counter]: "0" });
  const began = performance.now();
  const steps = () => Math.floor((performance.now() - began) / 100);
  const timer = setInterval(() => writeBelow(root, { [counter]: String((steps() * 2_500_000) % 9_000_000) }), 10);
  return { root, stop: () => clearInterval(timer) };
}

test("the energy of an image is that of the counter over the images that were run, idle power beside it", async () => {
  const machine = runningMachine();
  const { manifest } = await run.again({ ...plain, energy: true }, { openMeter: () => raplMeter(machine.root) });
  machine.stop();
  const energy = manifest.energy!;
  expect(energy.method).toBe("RAPL, package-0");
  expect(energy.images).toBeGreaterThan(1);
  expect(energy.updates).toBeGreaterThanOrEqual(10);
  // A reading may lag a step behind, and the steps of ten milliseconds are a timer's.
  const watts = (1000 * energy.joules) / energy.durationMs;
  for (const power of [watts, energy.idleWatts]) {
    expect(power).toBeGreaterThan(15);
    expect(power).toBeLessThan(35);
  }
  const report = await reportOf({ ...run.stored, manifest });
  expect(report.energy!.joules).toBeCloseTo(energy.joules / energy.images, 12);
});
