import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { browserPath } from "../../../commands/fixtures/browser.ts";
import { colourAt, openPhoto, pixelShown, placesOn } from "./fixtures/mappedPhoto.ts";
import { type Page, placeOf, textsOf, twoModels, visitsOfTests } from "./fixtures/visitor.ts";

const stages = ["model-0", "model-1"].map((model) => `.${model} canvas.stage`);
const [stage] = stages as [string, string];

describe.skipIf(browserPath === undefined)("a photo that is zoomed (no browser: nothing to zoom in)", () => {
  const opened = visitsOfTests();

  /** Turns the wheel over the place where the pointer is; with Ctrl it zooms, by 2 ** 0.3 for each notch. */
  async function zoomIn(page: Page, notches: number): Promise<void> {
    await page.keyboard.down("Control");
    for (let i = 0; i < Math.abs(notches); i++) await page.mouse.wheel(0, notches > 0 ? -100 : 100);
    await page.keyboard.up("Control");
  }

  const zoomText = (page: Page) => page.locator("#zoom-whole").textContent();
  /** The command line has the prompt of a person's own photo. */
  const command = (page: Page) => page.locator("#repeat code").first().textContent();

  test.each([
    { height: 480, width: 640 },
    // The picture for the screen is smaller than this one.
    { height: 2600, width: 4000 },
  ])("a click asks about the pixel that is seen under the pointer, of $width x $height px", async (size) => {
    const { page, errors } = await opened({ description: twoModels });
    await openPhoto(page, size);
    const [from, other, left] = await placesOn(page, stage, [
      { x: 0.3, y: 0.6 },
      { x: 0.71, y: 0.33 },
      { x: 0.02, y: 0.97 },
    ]);
    await page.mouse.move(from!.x, from!.y);
    await zoomIn(page, 14);
    await page.mouse.wheel(37, -61);
    for (const place of [from!, other!, left!]) {
      const seen = await pixelShown(page, stage, place);
      await page.mouse.click(place.x, place.y);
      await expect.poll(() => command(page)).toContain(`--point ${seen.x},${seen.y}`);
      await page.keyboard.press("Control+z");
    }
    const end = await placesOn(page, stage, [{ x: 0.5, y: 0.9 }]);
    const corners = [await pixelShown(page, stage, from!), await pixelShown(page, stage, end[0]!)];
    await page.mouse.move(from!.x, from!.y);
    await page.mouse.down();
    await page.mouse.move(end[0]!.x, end[0]!.y, { steps: 3 });
    await page.mouse.up();
    const box = /--box (\d+),(\d+),(\d+),(\d+)/
      .exec((await command(page))!)!
      .slice(1)
      .map(Number);
    const [x0, y0, x1, y1] = box as [number, number, number, number];
    // A corner is rounded to the nearer edge of its pixel.
    expect(
      [x0 - corners[0]!.x, y0 - corners[0]!.y, x1 - corners[1]!.x, y1 - corners[1]!.y].every((d) => d === 0 || d === 1),
    ).toBe(true);
    expect(errors).toEqual([]);
  });

  test("all photos of the page zoom and move together, whichever is under the pointer", async () => {
    const { page } = await opened({ description: twoModels });
    await openPhoto(page, { height: 480, width: 640 });
    const shares = [
      { x: 0.1, y: 0.1 },
      { x: 0.9, y: 0.5 },
    ];
    const shown = async (selector: string) => {
      const places = await placesOn(page, selector, shares);
      return Promise.all(places.map((place) => pixelShown(page, selector, place)));
    };
    const whole = await shown(stages[0]!);
    const [over] = await placesOn(page, stages[1]!, [{ x: 0.5, y: 0.25 }]);
    await page.mouse.move(over!.x, over!.y);
    await zoomIn(page, 6);
    await page.mouse.wheel(20, 30);
    expect(await shown(stages[0]!)).toEqual(await shown(stages[1]!));
    expect(await shown(stages[0]!)).not.toEqual(whole);
    await page.getByRole("button", { name: "show the whole photo" }).click();
    expect(await shown(stages[0]!)).toEqual(whole);
    expect(await zoomText(page)).toBe("1.0×");
  });

  test("at the largest zoom masks and stripes end where their pixels end, on every canvas", async () => {
    const { page } = await opened({ description: twoModels, width: 1600 });
    const size = { height: 480, width: 640 };
    const grey = await sharp({ create: { ...size, channels: 3, background: "#808080" } })
      .png()
      .toBuffer();
    await openPhoto(page, size, grey);
    const start = await placeOf(page, { x: 299.5, y: 199.5 });
    const end = await placeOf(page, { x: 359.5, y: 259.5 });
    await page.mouse.move(start.x, start.y);
    await page.mouse.down();
    await page.mouse.move(end.x, end.y, { steps: 3 });
    await page.mouse.up();
    await page.getByText("Where the two differ").waitFor();
    expect(await command(page)).toContain("--box 300,200,360,260");
    await page.mouse.move(start.x, start.y);
    await zoomIn(page, 20);
    expect(await zoomText(page)).toBe("40.0×");
    for (const selector of [...stages, "#difference canvas"]) {
      await page.locator(selector).scrollIntoViewIfNeeded();
      const { x, y, width, height } = (await page.locator(selector).boundingBox())!;
      // The corner of the box has the share 300 / 640 of the width, and 16 pixels are shown.
      const px = width / 16;
      const at = (column: number, row: number) => ({
        x: x + (300 / 640) * width + (column + 0.5) * px,
        y: y + (200 / 480) * height + (row + 0.5) * px,
      });
      const colours = new Map<number, string>();
      for (const column of [-7, -3, -1, 0, 1, 4, 7])
        colours.set(column, String(await colourAt(page, selector, at(column, 4))));
      const outside = colours.get(-7);
      for (const [column, colour] of colours)
        expect([selector, column, colour === outside]).toEqual([selector, column, column < 0]);
    }
  });

  test("keys zoom about the cross, which stays in sight and moves by one pixel", async () => {
    const { page } = await opened();
    await openPhoto(page, { height: 960, width: 1280 });
    const said = page.locator("#announced");
    await page.locator(stage).focus();
    await page.keyboard.press("ArrowRight");
    const [x, y] = (await said.textContent())!.split(", ").map(Number) as [number, number];
    for (let i = 0; i < 8; i++) await page.keyboard.press("+");
    expect(await said.textContent()).toBe("Zoomed 25.6 times.");
    await page.keyboard.press("ArrowRight");
    expect(await said.textContent()).toBe(`${x + 1}, ${y}`);
    const seen = async () => {
      const places = await placesOn(page, stage, [
        { x: 0.001, y: 0.01 },
        { x: 0.999, y: 0.01 },
      ]);
      return Promise.all(places.map((place) => pixelShown(page, stage, place)));
    };
    for (let i = 0; i < 6; i++) await page.keyboard.press("Shift+ArrowRight");
    const [left, right] = await seen();
    expect([left!.x, right!.x]).toEqual([x + 61 - 49, x + 61]);
    await page.keyboard.press("Enter");
    await expect.poll(() => command(page)).toContain(`--point ${x + 61},${y}`);
    await page.keyboard.press("Shift+Enter");
    expect(await said.textContent()).toBe(`The point at ${x + 61}, ${y} is taken back.`);
    await page.keyboard.press("-");
    expect(await zoomText(page)).toBe("17.1×");
    await page.keyboard.press("0");
    expect(await said.textContent()).toBe("The whole photo is shown.");
  });

  test("without Ctrl the wheel scrolls the page, and moves a photo that is zoomed up to its edge", async () => {
    const { page } = await opened();
    await openPhoto(page, { height: 480, width: 640 });
    const scrolled = () => page.evaluate("scrollY");
    const [over] = await placesOn(page, stage, [{ x: 0.5, y: 0.5 }]);
    await page.mouse.move(over!.x, over!.y);
    await page.mouse.wheel(0, 60);
    await expect.poll(scrolled).toBe(60);
    await page.mouse.wheel(0, -60);
    await expect.poll(scrolled).toBe(0);
    await zoomIn(page, 4);
    const before = await pixelShown(page, stage, over!);
    await page.mouse.wheel(0, 60);
    const after = await pixelShown(page, stage, over!);
    expect([after.x, after.y > before.y, await scrolled()]).toEqual([before.x, true, 0]);
    await page.mouse.move(over!.x, over!.y);
    await page.mouse.down({ button: "middle" });
    await page.mouse.move(over!.x + 30, over!.y + 40, { steps: 4 });
    await page.mouse.up({ button: "middle" });
    expect(await pixelShown(page, stage, { x: over!.x + 30, y: over!.y + 40 })).toEqual(after);
    expect(await page.getByRole("alert").isVisible()).toBe(false);
    await page.mouse.wheel(0, 5000);
    await page.mouse.wheel(0, 60);
    await expect.poll(scrolled).not.toBe(0);
  });

  test("two fingers zoom and move the photo and not the page, one moves it then, and a tap still sets a point", async () => {
    const { page } = await opened({ width: 390 });
    await openPhoto(page, { height: 480, width: 640 });
    const finger = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", touchPoints: { x: number; y: number }[]) =>
      finger.send("Input.dispatchTouchEvent", { type, touchPoints });
    await page.locator(stage).scrollIntoViewIfNeeded();
    const scrolled = await page.evaluate("scrollY");
    const [middle] = await placesOn(page, stage, [{ x: 0.5, y: 0.5 }]);
    const { x, y } = middle!;
    const held = await pixelShown(page, stage, middle!);
    const around = (spread: number, by = 0) => [
      { x: x - spread, y: y + by },
      { x: x + spread, y: y + by },
    ];
    await touch("touchStart", around(20).slice(0, 1));
    await touch("touchStart", around(20));
    for (const spread of [30, 45, 60]) await touch("touchMove", around(spread));
    await touch("touchMove", around(60, 20));
    await touch("touchEnd", []);
    await expect.poll(() => zoomText(page)).toBe("3.0×");
    const near = await pixelShown(page, stage, { x, y: y + 20 });
    expect([Math.abs(near.x - held.x) <= 1, Math.abs(near.y - held.y) <= 1]).toEqual([true, true]);
    expect([await page.evaluate("scrollY"), await page.evaluate("visualViewport.scale")]).toEqual([scrolled, 1]);
    expect(await page.locator("#repeat").isVisible()).toBe(false);
    await touch("touchStart", [{ x, y }]);
    for (const by of [5, 15, 30, 40]) await touch("touchMove", [{ x: x - by, y }]);
    await touch("touchEnd", []);
    const moved = await pixelShown(page, stage, { x, y: y + 20 });
    expect([moved.x > near.x + 10, moved.y]).toEqual([true, near.y]);
    const seen = await pixelShown(page, stage, { x, y });
    await page.touchscreen.tap(x, y);
    await expect.poll(() => command(page)).toContain(`--point ${seen.x},${seen.y}`);
    expect(await textsOf(page, ".token .figure")).toHaveLength(3);
  });

  test("the buttons zoom about the newest point, which stays where it was clicked", async () => {
    const { page } = await opened();
    await openPhoto(page, { height: 480, width: 640 });
    await page.locator(stage).scrollIntoViewIfNeeded();
    const [clicked] = await placesOn(page, stage, [{ x: 0.2, y: 0.7 }]);
    const seen = await pixelShown(page, stage, clicked!);
    await page.mouse.click(clicked!.x, clicked!.y);
    for (let i = 0; i < 6; i++) await page.getByRole("button", { name: "zoom in" }).click();
    await page.getByRole("button", { name: "Undo" }).click();
    const { x, y } = await pixelShown(page, stage, clicked!);
    expect([Math.abs(x - seen.x) <= 1, Math.abs(y - seen.y) <= 1]).toEqual([true, true]);
  });

  test("another photo is shown whole, and a prompt that is taken back leaves the view", async () => {
    const { page } = await opened({ fragment: "#photo=126107" });
    await page.getByText("Ready: click on the photo.").waitFor();
    for (let i = 0; i < 2; i++) await page.getByRole("button", { name: "zoom in" }).click();
    const place = await placeOf(page, { x: 300, y: 200 });
    await page.mouse.click(place.x, place.y);
    await page.keyboard.press("Control+z");
    expect(await zoomText(page)).toBe("2.3×");
    await page.evaluate("location.hash = '#photo=229358'");
    await page.getByText("photo 229358, 640 × 423 px").waitFor();
    expect(await zoomText(page)).toBe("1.0×");
  });
});
