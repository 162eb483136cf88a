import { describe, expect, test } from "vitest";
import { browserPath } from "../../../commands/fixtures/browser.ts";
import { describedPage, discModel } from "./fixtures/described.ts";
import {
  type Page,
  placeOf,
  textsOf,
  twoModels,
  type Visit,
  type VisitOptions,
  visitsOfTests,
} from "./fixtures/visitor.ts";

/** The chosen token's disc has this radius on the photo of 640 x 480 px. */
const radius = 0.16 * 480;

describe.skipIf(browserPath === undefined)("on a photo of the data set (no browser: nothing to click in)", () => {
  const visit = visitsOfTests();
  async function opened(options: VisitOptions = {}): Promise<Visit> {
    const visited = await visit({ fragment: "#photo=126107", ...options });
    await visited.page.getByText("Ready: click on the photo.").first().waitFor();
    return visited;
  }

  async function clickOn(page: Page, x: number, y: number, button: "left" | "right" = "left"): Promise<void> {
    const place = await placeOf(page, { x, y });
    await page.mouse.click(place.x, place.y, { button });
  }

  const hash = (page: Page) => page.evaluate("location.hash") as Promise<string>;
  const answered = (page: Page) => page.locator(".tokens:not([hidden])").first().waitFor();

  test("a click gives a mask, all tokens with their predicted IoU, and the times of each stage", async () => {
    const { page, errors } = await opened();
    await clickOn(page, 300, 200);
    await answered(page);
    expect(await textsOf(page, ".token .figure")).toEqual(["0.900", "0.800", "0.700"]);
    expect(await page.locator(".token input:checked").count()).toBe(1);
    expect(await page.locator(".token:has(:checked) .tag").isVisible()).toBe(true);
    expect(await textsOf(page, ".times dd")).toEqual(["123 ms", "4.2 ms", "57 ms", "7.8 ms", "0.9 ms"]);
    expect(await hash(page)).toBe("#photo=126107&points=300,200,1");
    const pixel = (x: number, y: number) =>
      page.locator("canvas.stage").evaluate(
        (canvas: HTMLCanvasElement, [x, y]) => {
          const scale = canvas.width / 640;
          return [...canvas.getContext("2d")!.getImageData(x! * scale, y! * scale, 1, 1).data];
        },
        [x, y],
      );
    const before = await pixel(300 + radius + 20, 200);
    const inside = await pixel(300 + radius - 20, 200);
    // Blue over the sky inside, and the sky as it is outside.
    expect(inside[2]! - inside[0]!).toBeGreaterThan(before[2]! - before[0]! + 40);
    expect(errors).toEqual([]);
  });

  test("a right click, Shift and the button give background points, and a click on a point takes it back", async () => {
    const { page } = await opened();
    await clickOn(page, 300, 200);
    await clickOn(page, 340, 200, "right");
    await page.keyboard.down("Shift");
    await clickOn(page, 300, 240);
    await page.keyboard.up("Shift");
    await page.getByRole("radio", { name: "Point −" }).check();
    await clickOn(page, 260, 200);
    expect(await hash(page)).toBe("#photo=126107&points=300,200,1;340,200,0;300,240,0;260,200,0");
    await clickOn(page, 341, 201);
    expect(await hash(page)).toBe("#photo=126107&points=300,200,1;300,240,0;260,200,0");
  });

  test("a drag draws a box, and the next one replaces it", async () => {
    const { page } = await opened();
    for (const [from, to] of [
      [100, 200],
      [150, 400],
    ] as const) {
      const start = await placeOf(page, { x: from - 0.5, y: from - 0.5 });
      const end = await placeOf(page, { x: to - 0.5, y: 299.5 });
      await page.mouse.move(end.x, end.y);
      await page.mouse.down();
      await page.mouse.move(start.x + 5, start.y + 5);
      await page.mouse.move(start.x, start.y);
      await page.mouse.up();
    }
    await answered(page);
    expect(await hash(page)).toBe("#photo=126107&box=150,150,400,300");
  });

  test("undo and redo go through what was done, and clear can be undone", async () => {
    const { page } = await opened();
    await clickOn(page, 300, 200);
    await clickOn(page, 400, 100);
    await page.getByRole("button", { name: "Undo" }).click();
    expect(await hash(page)).toBe("#photo=126107&points=300,200,1");
    await page.keyboard.press("Control+z");
    expect(await hash(page)).toBe("#photo=126107");
    expect(await page.getByRole("button", { name: "Undo" }).isDisabled()).toBe(true);
    await page.keyboard.press("Control+Shift+z");
    await page.getByRole("button", { name: "Redo" }).click();
    expect(await hash(page)).toBe("#photo=126107&points=300,200,1;400,100,1");
    await page.getByRole("button", { name: "Clear" }).click();
    expect(await hash(page)).toBe("#photo=126107");
    await page.keyboard.press("Control+z");
    expect(await hash(page)).toBe("#photo=126107&points=300,200,1;400,100,1");
  });

  test("keys alone set points, draw a box and take a point back, and each is said", async () => {
    const { page } = await opened();
    const said = page.locator("#announced");
    await page.locator("canvas.stage").focus();
    await page.keyboard.press("Shift+ArrowLeft");
    await page.keyboard.press("ArrowUp");
    expect(await said.textContent()).toBe("310, 239");
    await page.keyboard.press("Enter");
    await page.getByText("discs: predicted IoU 0.800.").waitFor({ state: "attached" });
    await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Shift+Enter");
    expect(await hash(page)).toBe("#photo=126107&points=310,239,1;310,249,0");
    await page.keyboard.press("Delete");
    await page.keyboard.press("b");
    expect(await said.textContent()).toContain("A box begins at 310, 249");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("b");
    expect(await hash(page)).toBe("#photo=126107&points=310,239,1&box=310,249,321,250");
  });

  test("another token can be looked at, and the figures of the difference are those of what is shown", async () => {
    const { page } = await opened({ description: twoModels });
    expect(await page.getByText("Where the two differ").isVisible()).toBe(false);
    await clickOn(page, 300, 200);
    await page.getByText("Where the two differ").waitFor();
    const figures = () => textsOf(page, "#difference td");
    const [only, other, both, iou] = await figures();
    expect(only).toBe("0 px");
    const pixelsIn = (text: string) => Number(text.replace(/\D/g, ""));
    const more = pixelsIn(other!);
    const shared = pixelsIn(both!);
    // Discs whose radii are as 4 to 5: 16 / 25 of the larger one is in both.
    expect(shared / (shared + more)).toBeCloseTo(0.64, 2);
    expect(iou).toBe((shared / (shared + more)).toFixed(3));
    await page.locator(".model-0 .token").nth(2).click();
    await expect.poll(async () => (await figures())[1]).toBe("0 px");
    expect((await figures())[0]).not.toBe("0 px");
    expect(await page.locator("#difference canvas").getAttribute("aria-label")).toContain("only in discs@125: 0 px");
  });

  test("against a target each model has its IoU and the first click that reached a level", async () => {
    const { page } = await opened({ fragment: "#photo=126107&target=7", description: twoModels });
    const cells = () => textsOf(page, "#truth tbody tr:first-child td");
    expect(await cells()).toEqual(["–", "0", "not yet", "not yet"]);
    await clickOn(page, 100, 100);
    await expect.poll(cells).toEqual(["0.000", "1", "not yet", "not yet"]);
    const box = [await placeOf(page, { x: 222.5, y: 122.5 }), await placeOf(page, { x: 376.5, y: 276.5 })] as const;
    await clickOn(page, 300, 200);
    await page.mouse.move(box[0].x, box[0].y);
    await page.mouse.down();
    await page.mouse.move(box[1].x, box[1].y);
    await page.mouse.up();
    // The box holds the last disc, and is the target; it is the third thing that was given.
    await expect.poll(cells).toEqual(["1.000", "3", "3", "3"]);
    await page.keyboard.press("Control+z");
    // A disc in its square: 3.14 / 4.
    expect((await cells())[0]).toMatch(/^0\.7[789]/);
    expect((await cells()).slice(1)).toEqual(["2", "not yet", "not yet"]);
  });

  test("a target is chosen from the list, or by a click in it", async () => {
    const { page } = await opened();
    await page.getByRole("combobox", { name: "Target" }).selectOption({ label: "whole, 307,200 px" });
    expect(await hash(page)).toBe("#photo=126107&target=8");
    await page.getByRole("radio", { name: "Target" }).check();
    await clickOn(page, 300, 200);
    expect(await hash(page)).toBe("#photo=126107&target=7");
    expect(await page.locator("#announced").textContent()).toBe("Target: square, 23716 pixels.");
  });

  test("a prompt is a command line, for each model", async () => {
    const { page } = await opened({ description: twoModels });
    await clickOn(page, 300, 200);
    await clickOn(page, 340, 220, "right");
    expect(await textsOf(page, "#repeat code")).toEqual([
      "bench predict discs --weights discs photos/000000126107.jpg --point 300,200 --not-point 340,220",
      "bench predict discs@125 --weights discs photos/000000126107.jpg --point 300,200 --not-point 340,220",
    ]);
    await page.getByRole("button", { name: "copy the command for discs", exact: true }).click();
    await page.getByText(/^(copied|selected)$/).waitFor();
  });

  test("an address with photo, target, points and box opens as it was left", async () => {
    const fragment = "#photo=126107&target=7&points=300,200,1;340,200,0&box=200,100,400,300";
    const { page } = await visit({ fragment });
    await answered(page);
    expect(await hash(page)).toBe(fragment);
    expect(await page.getByRole("combobox", { name: "Target" }).inputValue()).toBe("7");
    await page.evaluate("location.hash = '#photo=229358'");
    await page.getByText("photo 229358, 640 × 423 px").waitFor();
    expect(await page.locator("#truth").isVisible()).toBe(false);
  });

  test.each([
    ["#photo=99", "photo 99: is not among the photos of this page (expected one of 2)."],
    ["#photo=126107&points=1,2", "address of the page: a point can not be read (found 1,2, expected x,y,1 or x,y,0)."],
    ["#photo=126107&points=700,2,1", "The points or the box of the address lie outside of photo 126107."],
    ["#photo=126107&target=99", "Photo 126107 has no target 99."],
  ])("an address that can not be followed says why: %s", async (fragment, words) => {
    const { page } = await visit({ fragment });
    await expect.poll(() => page.getByRole("alert").textContent()).toContain(words);
  });

  test("a model that does not load, or loses its connection, says so in its panel, and the other goes on", async () => {
    const description = describedPage([discModel("broken"), discModel("fragile")]);
    const { page, errors } = await opened({ description });
    const states = () => textsOf(page, ".state p");
    expect((await states())[0]).toBe("model.onnx: the page can not load it. Is bench serve still running?");
    for (const x of [100, 200, 300]) {
      const place = await placeOf(page, { x, y: 100 }, 1);
      await page.mouse.click(place.x, place.y);
    }
    await expect.poll(async () => (await states())[1]).toBe("Predicted IoU 0.800.");
    const place = await placeOf(page, { x: 400, y: 100 }, 1);
    await page.mouse.click(place.x, place.y);
    await expect.poll(async () => (await states())[1]).toContain("the connection to the harness is lost.");
    await page.getByRole("button", { name: "Undo" }).click();
    await page.locator(".model-1").getByRole("button", { name: "Try again" }).click();
    await expect.poll(async () => (await states())[1]).toBe("Predicted IoU 0.800.");
    expect(errors).toEqual([]);
  });

  test("while a model loads, the page says how much of it has come, and what is compiled", async () => {
    const { page } = await visit({ description: describedPage([discModel("slow")]) });
    const state = () => page.locator(".state p").textContent();
    const goOn = () => page.evaluate(() => window.dispatchEvent(new Event("goon")));
    await expect.poll(state).toBe("Loading 6.2 MB of 12.3 MB.");
    expect(await page.locator(".state progress").evaluate((bar: HTMLProgressElement) => bar.position)).toBe(0.5);
    await goOn();
    await expect.poll(state).toBe("Compiling encoder, 12.3 MB of 12.3 MB loaded.");
    await goOn();
    await expect.poll(state).toBe("Ready for a photo.");
  });

  test("a model that takes no box says why it is not asked, and where none takes one the button is away", async () => {
    const takes = { points: true, box: false };
    const { page } = await opened({ description: describedPage([discModel("discs", { takes }), discModel("boxes")]) });
    await page.evaluate("location.hash = '#photo=126107&box=10,10,50,50'");
    await page.getByText("This model takes no box").waitFor();
    await page.locator(".model-1 .tokens:not([hidden])").waitFor();
    const alone = await opened({ description: describedPage([discModel("discs", { takes })]) });
    expect(await alone.page.locator(".box-mode").isVisible()).toBe(false);
  });
});
