import fc from "fast-check";
import { expect, test } from "vitest";
import { allowedCpus, formatCpus, parseCpus } from "./cpus.ts";
import { drawnRoot } from "./fixtures/drawnRoot.ts";

test("a list of ranges names each processor once, whatever its order", () => {
  expect(parseCpus("8,0-2, 1-3")).toEqual([0, 1, 2, 3, 8]);
  expect(formatCpus([0, 1, 2, 3, 8])).toBe("0-3,8");
});

test("what is no list of processors is none", () => {
  for (const text of ["", "a", "3-1", "-1", "1-", "0,,1", "0-99999", "0x1", "1.5"])
    expect(parseCpus(text)).toBeUndefined();
});

test("a list that is written is read as it was", () => {
  const cpus = fc.uniqueArray(fc.nat(300), { minLength: 1 }).map((each) => each.sort((a, b) => a - b));
  fc.assert(
    fc.property(cpus, (each) => {
      expect(parseCpus(formatCpus(each))).toEqual(each);
    }),
  );
});

test("the kernel's list of allowed processors is read, and is absent where there is none", () => {
  const status = "Name:\tnode\nCpus_allowed:\tff0f\nCpus_allowed_list:\t0-3,8-15\nMems_allowed_list:\t0";
  expect(allowedCpus(drawnRoot({ "proc/self/status": status }))).toEqual(parseCpus("0-3,8-15"));
  expect(allowedCpus(drawnRoot({}))).toBeUndefined();
});
