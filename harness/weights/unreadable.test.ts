import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openTensorArchive } from "./archive.ts";
import { checkpointOf } from "./checkpoint.ts";

const fixture = (file: string) => fileURLToPath(new URL(`fixtures/${file}`, import.meta.url));

const expected = {
  conj: ["complex64", [2]],
  complex: ["complex64", [2]],
  fp8: ["float8_e4m3fn", [4]],
  sparse: ["sparse", [3, 3]],
  csr: ["sparse", [3, 3]],
  quantised: ["quantised", [2, 2]],
  by_channel: ["quantised", [2, 2]],
  meta: ["meta", [3]],
} as const;

for (const file of ["foreign_tensors.pth", "foreign_tensors_legacy.pth"]) {
  test(`${file}: tensors that are not read keep their names, and the others are read`, async () => {
    const archive = await openTensorArchive(fixture(file));
    for (const [name, [dtype, dims]] of Object.entries(expected)) {
      expect(archive.tensors.get(name)).toEqual({ name, dtype, dims, unreadable: true });
      expect(() => archive.values(name)).toThrow(
        `weight ${name} has an element type that is not read (found ${dtype})`,
      );
    }
    expect([...archive.read("w")]).toEqual([0, 1, 2, 3, 4, 5]);
    archive.close();
  });

  test(`${file}: PyTorch's negative bit turns the sign`, async () => {
    const archive = await openTensorArchive(fixture(file));
    // torch._neg_view of [2, -4], whose storage holds 2 and -4.
    expect([...archive.read("negative")]).toEqual([-2, 4]);
    expect([...archive.values("negative")]).toEqual([-2, 4]);
    archive.close();
  });

  test(`${file}: a variant that takes none of them is not stopped by them, one that takes one is`, async () => {
    const checkpoint = checkpointOf(await openTensorArchive(fixture(file)), "checkpoint");
    checkpoint.take("w", [2, 3]);
    checkpoint.take("negative", [2]);
    checkpoint.assertAllTaken();
    expect(() => checkpoint.take("sparse", [3, 3])).toThrow("weight sparse has an element type that is not read");
    checkpoint.close();
  });
}
