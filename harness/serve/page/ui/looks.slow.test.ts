import { createHash } from "node:crypto";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { browserPath } from "../../../commands/fixtures/browser.ts";
import { boxesOf } from "../../../commands/fixtures/pageBoxes.ts";
import { describedPage, discModel } from "./fixtures/described.ts";
import { lowContrast, unnamedControls } from "./fixtures/pageChecks.ts";
import { placeOf, textsOf, twoModels, visitsOfTests } from "./fixtures/visitor.ts";

const seeded = discModel("seeded@125", {
  weights: { source: "seeded weights, version 1", seeded: true },
  place: "harness",
  reason: "its graphs are larger than 2 GB",
  downloadBytes: 0,
});

describe.skipIf(browserPath === undefined)("the page (no browser: nothing to look at it in)", () => {
  const opened = visitsOfTests();

  const looks = [1280, 390].flatMap((width) => (["light", "dark"] as const).map((scheme) => ({ width, scheme })));

  test.each(looks)(
    "at $width px, $scheme: all can be read, named and reached, and nothing is asked elsewhere",
    async (look) => {
      const description = describedPage([discModel("discs"), seeded]);
      const { page, errors, requests, served } = await opened({ ...look, description });
      await page.getByText("Ready for a photo.").first().waitFor();
      const check = async () => {
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(look.width);
        expect(await page.evaluate(unnamedControls)).toEqual([]);
        expect(await page.evaluate(lowContrast)).toEqual([]);
      };
      await check();
      await page.getByRole("button", { name: "photo 126107" }).click();
      await page.getByText("Ready: click on the photo.").first().waitFor();
      await page.locator("#target").selectOption("7");
      const place = await placeOf(page, { x: 300, y: 200 });
      await page.mouse.click(place.x, place.y);
      await page.getByText("Where the two differ").waitFor();
      await page.locator(".help summary").click();
      await check();
      const warned = page.getByText("Seeded: no trained model.");
      expect([await warned.first().isVisible(), await warned.last().isVisible()]).toEqual([false, true]);
      const [first, second] = await boxesOf(page.locator(".panel"));
      expect(second!.y0 >= first!.y1).toBe(look.width < 500);
      expect(second!.x0 >= first!.x1).toBe(look.width > 500);
      expect(errors).toEqual([]);
      expect(new Set(requests.map((request) => new URL(request).origin))).toEqual(
        new Set([new URL(served.address).origin]),
      );
    },
  );

  test("the button switches between dark and light, and masks take the colours of the theme", async () => {
    const { page } = await opened({ fragment: "#photo=126107&points=300,200,1", description: twoModels });
    await page.getByText("Where the two differ").waitFor();
    const paper = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const picture = () => page.evaluate("document.querySelector('canvas.stage').toDataURL()");
    const before = { paper: await paper(), picture: await picture() };
    await page.getByRole("button", { name: "switch between dark and light" }).click();
    expect(await paper()).not.toBe(before.paper);
    await expect.poll(picture).not.toBe(before.picture);
    await page.getByRole("button", { name: "switch between dark and light" }).click();
    expect(await paper()).toBe(before.paper);
  });

  test("with fingers a tap sets a point, a drag scrolls, and in box mode draws; what is tapped is 44 px high", async () => {
    const { page } = await opened({ width: 390, fragment: "#photo=126107" });
    await page.getByText("Ready: click on the photo.").first().waitFor();
    const canvas = page.locator("canvas.stage");
    await canvas.scrollIntoViewIfNeeded();
    const tapped = await placeOf(page, { x: 300, y: 200 });
    await page.touchscreen.tap(tapped.x, tapped.y);
    await page.locator(".tokens:not([hidden])").waitFor();
    expect(await page.evaluate("location.hash")).toMatch(/^#photo=126107&points=\d+,\d+,1$/);
    const touchAction = () => canvas.evaluate((element: Element) => getComputedStyle(element).touchAction);
    expect(await touchAction()).toBe("pan-y");
    await page.locator(".box-mode").tap();
    await expect.poll(touchAction).toBe("none");
    const finger = await page.context().newCDPSession(page);
    const from = await placeOf(page, { x: 100, y: 100 });
    const to = await placeOf(page, { x: 400, y: 300 });
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", touchPoints: { x: number; y: number }[]) =>
      finger.send("Input.dispatchTouchEvent", { type, touchPoints });
    await touch("touchStart", [from]);
    await touch("touchMove", [{ x: from.x + 20, y: from.y + 20 }]);
    await touch("touchMove", [to]);
    await touch("touchEnd", []);
    await expect
      .poll(() => page.evaluate("location.hash"))
      .toMatch(/&box=(99|10\d),(99|10\d),(39\d|40\d),(29\d|30\d)$/);
    const targets = page.locator(
      "button:visible, summary:visible, select:visible, .modes label:visible, .token:visible",
    );
    const heights = (await boxesOf(targets)).map(({ y0, y1 }) => Math.round(y1 - y0));
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(44);
  });

  test("the focus is seen on everything that the keyboard reaches", async () => {
    const { page } = await opened({ fragment: "#photo=126107&target=7&points=300,200,1", description: twoModels });
    await page.getByText("Where the two differ").waitFor();
    const reached = new Set<string>();
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      const { name, outline } = await page.evaluate(() => {
        const focused = document.activeElement!;
        const seen = focused.matches("input[type=radio]")
          ? (focused.closest("label")!.querySelector("span") ?? focused)
          : focused;
        const outlines = [seen, focused.closest("label") ?? seen].map(
          (element) => getComputedStyle(element).outlineStyle,
        );
        return {
          name: focused.id || focused.className || focused.tagName,
          outline: outlines.some((style) => style !== "none"),
        };
      });
      if (name === "BODY") break;
      expect([name, outline]).toEqual([name, true]);
      reached.add(name);
    }
    expect([...reached]).toEqual(expect.arrayContaining(["theme", "open", "clear", "stage", "target", "copy"]));
  });

  test("a photo of 50 megapixels opens and is clicked in, with the codec's pixels", async () => {
    const size = { width: 8660, height: 5774 };
    const drawn = await sharp({ create: { ...size, channels: 3, background: "#7a9" } })
      .composite([
        {
          input: await sharp({ create: { width: 900, height: 700, channels: 3, background: "#c32" } })
            .png()
            .toBuffer(),
          left: 4000,
          top: 2500,
        },
      ])
      .jpeg()
      .toBuffer();
    const { page, errors } = await opened({});
    await page.locator("#file").setInputFiles({ name: "large.jpg", mimeType: "image/jpeg", buffer: drawn });
    await page.getByText("large.jpg, 8660 × 5774 px").waitFor();
    const place = await placeOf(page, { x: 4400, y: 2800 }, 0, size.width);
    await page.mouse.click(place.x, place.y);
    await expect.poll(() => textsOf(page, ".state p"), { timeout: 20_000 }).toEqual(["Predicted IoU 0.800."]);
    const decoded = await page.evaluate(async (text) => {
      const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      const { image, shown } = await window.decodePhoto({ name: "large.jpg", bytes }, "stored");
      const digest = await crypto.subtle.digest("SHA-256", image.pixels as Uint8Array<ArrayBuffer>);
      const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return { hash, shown: [shown.width, shown.height] };
    }, drawn.toString("base64"));
    const pixels = await sharp(drawn).raw().toBuffer();
    expect(decoded).toEqual({ hash: createHash("sha256").update(pixels).digest("hex"), shown: [2048, 1365] });
    expect(errors).toEqual([]);
  });
});
