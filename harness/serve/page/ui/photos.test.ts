import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { browserPath } from "../../../commands/fixtures/browser.ts";
import { readImage } from "../../../image/codec.ts";
import { photoBytes } from "./fixtures/described.ts";
import type {} from "./fixtures/main.ts";
import { type Page, placeOf, textsOf, visitsOfTests } from "./fixtures/visitor.ts";

const jpeg = () => sharp(photoBytes("126107"));
const heic = Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1");

/** Files that are refused, with what the page says; names lie on purpose. */
const refused: readonly (readonly [name: string, bytes: () => Promise<Uint8Array> | Uint8Array, words: string])[] = [
  ["IMG_1.HEIC", () => heic, "IMG_1.HEIC: is no photo that is read (found a HEIC, expected a JPEG, PNG or WebP file)."],
  ["phone.jpg", () => heic, "found a HEIC"],
  ["scan.tif", () => jpeg().tiff().toBuffer(), "found a TIFF"],
  ["drawing.svg", () => Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"), "found an SVG"],
  ["empty.jpg", () => new Uint8Array(), "empty.jpg: is no picture (found an empty file"],
  ["notes.png", () => Buffer.from("not a picture"), "notes.png: is no picture"],
  ["cut.jpg", () => photoBytes("126107").subarray(0, 20_000), "cut.jpg: the picture is damaged or cut short"],
  [
    "bomb.png",
    () => hugePng(),
    "bomb.png: the picture has more pixels than are read (found 60000 x 60000, expected at most 268435456 px).",
  ],
];

/** The head of a PNG that says it has 3.6 billion pixels. */
async function hugePng(): Promise<Buffer> {
  const bytes = await sharp({ create: { width: 1, height: 1, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  bytes.writeUInt32BE(60_000, 16);
  bytes.writeUInt32BE(60_000, 20);
  return bytes;
}

describe.skipIf(browserPath === undefined)("photos of a person's own (no browser: nothing to open them in)", () => {
  const opened = visitsOfTests();
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "page-photos-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function choose(page: Page, name: string, bytes: Uint8Array): Promise<void> {
    await page.locator("#file").setInputFiles({ name, mimeType: "image/jpeg", buffer: Buffer.from(bytes) });
  }

  /** Hands a file to the page as a drop or as a paste does. */
  async function hand(page: Page, kind: "drop" | "paste", bytes: Uint8Array): Promise<void> {
    await page.evaluate(
      ([kind, text]) => {
        const transfer = new DataTransfer();
        const bytes = Uint8Array.from(atob(text!), (character) => character.charCodeAt(0));
        transfer.items.add(new File([bytes], "handed.jpg"));
        const options = { bubbles: true, cancelable: true };
        document.body.dispatchEvent(
          kind === "drop"
            ? new DragEvent("drop", { ...options, dataTransfer: transfer })
            : new ClipboardEvent("paste", { ...options, clipboardData: transfer }),
        );
      },
      [kind, Buffer.from(bytes).toString("base64")],
    );
  }

  test("a photo is opened by the dialog, by a drop and by a paste, and the command names it", async () => {
    const { page, errors } = await opened();
    await choose(page, "my gull.jpg", photoBytes("126107"));
    await page.getByText("my gull.jpg, 640 × 480 px").waitFor();
    const place = await placeOf(page, { x: 300, y: 200 });
    await page.mouse.click(place.x, place.y);
    await expect
      .poll(() => textsOf(page, "#repeat code"))
      .toEqual(["bench predict discs --weights discs 'my gull.jpg' --point 300,200"]);
    expect(await page.evaluate("location.hash")).toBe("");
    for (const kind of ["drop", "paste"] as const) {
      await choose(page, "other.jpg", photoBytes("126107"));
      await page.getByText("other.jpg, 640 × 480 px").waitFor();
      await hand(page, kind, photoBytes("229358"));
      await page.getByText("handed.jpg, 640 × 423 px").waitFor();
      expect(await page.locator("#repeat").isVisible()).toBe(false);
    }
    expect(errors).toEqual([]);
  });

  test("what is no photo is refused in words, and the photo before stays", async () => {
    const { page, errors } = await opened();
    await choose(page, "gull.jpg", photoBytes("126107"));
    await page.getByText("gull.jpg, 640 × 480 px").waitFor();
    for (const [name, bytes, words] of refused) {
      await choose(page, name, await bytes());
      await expect.poll(() => page.getByRole("alert").textContent()).toContain(words);
    }
    expect(await page.getByText("gull.jpg, 640 × 480 px").isVisible()).toBe(true);
    await choose(page, "gull.jpg", photoBytes("126107"));
    await expect.poll(() => page.getByRole("alert").isVisible()).toBe(false);
    expect(errors).toEqual([]);
  });

  test("a photo lies as its EXIF says, and the command has the pixels as they are stored", async () => {
    const { page } = await opened();
    await choose(page, "turned.jpg", await jpeg().withMetadata({ orientation: 6 }).jpeg().toBuffer());
    await page.getByText("turned.jpg, 480 × 640 px").waitFor();
    const place = await placeOf(page, { x: 400, y: 100 }, 0, 480);
    await page.mouse.click(place.x, place.y);
    await expect
      .poll(() => textsOf(page, "#repeat code"))
      .toEqual(["bench predict discs --weights discs turned.jpg --point 100,79"]);
    expect(await page.getByText("the command reads it as it is stored").isVisible()).toBe(true);
  });

  test("colours that the browser reads otherwise than the harness are told", async () => {
    const { page } = await opened();
    await choose(page, "print.jpg", await jpeg().toColourspace("cmyk").jpeg().toBuffer());
    await page.getByText("The photo is in CMYK").waitFor();
    await choose(page, "clear.png", await jpeg().ensureAlpha(0.5).png().toBuffer());
    await page.getByText("The photo may be transparent in places").waitFor();
  });

  test("a photo of the data set that the server no longer gives is said to be so", async () => {
    const { page, served } = await opened();
    await page.getByRole("button", { name: "photo 126107" }).waitFor();
    served.close();
    await page.getByRole("button", { name: "photo 126107" }).click();
    await expect
      .poll(() => page.getByRole("alert").textContent())
      .toBe(
        "the page's server does not answer. Is bench serve still running? start it again, and load this page anew.",
      );
  });

  test("pixels are those of the harness, byte for byte: JPEG with and without a profile, PNG, WebP, stored orientation", async () => {
    const { page } = await opened();
    const files = {
      "gull.jpg": photoBytes("126107"),
      "profile.jpg": photoBytes("229358"),
      "subsampled.jpg": await jpeg().jpeg({ quality: 70, chromaSubsampling: "4:2:0", progressive: true }).toBuffer(),
      "turned.jpg": await jpeg().withMetadata({ orientation: 8 }).jpeg().toBuffer(),
      "grey.jpg": await jpeg().greyscale().jpeg().toBuffer(),
      "gull.png": await jpeg().png().toBuffer(),
      "gull.webp": await jpeg().webp().toBuffer(),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const file = join(folder, name);
      writeFileSync(file, bytes);
      const { size, pixels } = await readImage(file);
      const hash = createHash("sha256").update(pixels).digest("hex");
      expect(await decodedHash(page, name, bytes), name).toEqual({ ...size, hash });
    }
  });
});

/** Decodes a file in the page as one of a data set, and returns its size and the hash of its pixels. */
function decodedHash(page: Page, name: string, bytes: Uint8Array): Promise<unknown> {
  return page.evaluate(
    async ([name, text]) => {
      const bytes = Uint8Array.from(atob(text!), (character) => character.charCodeAt(0));
      const { image } = await window.decodePhoto({ name: name!, bytes }, "stored");
      const digest = await crypto.subtle.digest("SHA-256", image.pixels as Uint8Array<ArrayBuffer>);
      const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return { ...image.size, hash };
    },
    [name, Buffer.from(bytes).toString("base64")],
  );
}
