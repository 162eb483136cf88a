import { expect, test } from "vitest";
import { fittedTable } from "./fittedTable.ts";

const name = { header: "run", cells: ["sam-nano-0a1b2c3d4e5f", "mobilesam-5f4e3d2c1b0a"] };
const images = { header: "images", cells: ["26", "5000"], leaves: 2 };
const dataset = { header: "dataset", cells: ["photos", "coco"], leaves: 1 };
const about = {
  header: "about",
  prose: 60,
  cells: ["Every object of every photo is prompted with its box.\nsource (paper): section 7", "Short."],
};

test("with room for all a table is one, numbers to the right", () => {
  expect(fittedTable([name, images, dataset])).toBe(
    `
run                     images  dataset
----------------------  ------  -------
sam-nano-0a1b2c3d4e5f       26  photos
mobilesam-5f4e3d2c1b0a    5000  coco`.slice(1),
  );
});

test("what leaves first is left out first, and a line says so", () => {
  expect(fittedTable([name, images, dataset], 33)).toBe(
    `
run                     images
----------------------  ------
sam-nano-0a1b2c3d4e5f       26
mobilesam-5f4e3d2c1b0a    5000

left out in 33 columns: dataset;
  --json has all`.slice(1),
  );
  expect(fittedTable([name, images, dataset], 24).split("\n")[0]).toBe("run");
});

test("prose breaks in its column while the column reads well, and a paragraph begins a line", () => {
  expect(fittedTable([name, about], 62)).toBe(
    `
run                     about
----------------------  ------------------------------
sam-nano-0a1b2c3d4e5f   Every object of every photo is
                          prompted with its box.
                        source (paper): section 7
mobilesam-5f4e3d2c1b0a  Short.`.slice(1),
  );
});

test("prose without room stands below the names of its row", () => {
  expect(fittedTable([name, about], 50)).toBe(
    `
run
----------------------
sam-nano-0a1b2c3d4e5f
  about: Every object of every photo is prompted
    with its box.
  source (paper): section 7
mobilesam-5f4e3d2c1b0a
  about: Short.`.slice(1),
  );
});

test("a name that commands take is whole in the narrowest terminal", () => {
  expect(fittedTable([name], 12)).toContain("sam-nano-0a1b2c3d4e5f");
});

test("an address that is longer than a line goes on behind a slash", () => {
  const text = fittedTable(
    [
      { header: "id", cells: ["a"] },
      { header: "about", cells: ["see https://example.org/one/two/three.html"], prose: 60 },
    ],
    30,
  );
  expect(text).toBe(
    `
id
--
a
  about: see
    https://example.org/one/
  two/three.html`.slice(1),
  );
});
