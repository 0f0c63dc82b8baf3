import { existsSync, mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { chromium, type Page } from "playwright-core";

/** Chromium on PATH; undefined when there is none. */
export function findChromium(): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)))
    .find((file) => existsSync(file));
}

/** A page to take a picture of. */
export interface PageAddress {
  /** Of the picture's file, without its ending. */
  readonly name: string;
  readonly url: string;
}

/** What came of a picture. */
export interface Picture {
  readonly name: string;
  readonly file: string;
  /** Errors that the page or one of its panels reported. */
  readonly errors: readonly string[];
  /** Charts that were drawn. */
  readonly charts: number;
}

export interface PictureOptions {
  readonly pages: readonly PageAddress[];
  readonly folder: string;
  /** Path of chromium. */
  readonly executablePath: string;
  /** Of the administrator. @default none is asked for */
  readonly password?: string;
  /** Width of the window in pixels. @default 1600 */
  readonly width?: number;
  /** Looks at each page, and returns what is wrong with it. */
  readonly inspect?: (page: Page) => Promise<string[]>;
}

/** A page of the viewer says when its charts are drawn. */
const isDrawn = "document.body.dataset.refresh === undefined || document.body.dataset.ready === 'yes'";

/** Takes a picture of each whole page, `<name>.webp` in a folder, in headless Chromium. */
export async function takePictures(options: PictureOptions): Promise<Picture[]> {
  const { pages, folder, executablePath, password, width = 1600, inspect } = options;
  mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
  try {
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      timezoneId: "UTC",
      ...(password !== undefined && { httpCredentials: { username: "admin", password } }),
    });
    const pictures: Picture[] = [];
    for (const { name, url } of pages) {
      const page = await context.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      await page.goto(url, { waitUntil: "networkidle" });
      await page.waitForFunction(isDrawn);
      errors.push(...(await page.locator(".error").allTextContents()));
      const file = join(folder, `${name}.webp`);
      await writeFile(file, await wholePage(page));
      if (inspect !== undefined) errors.push(...(await inspect(page)));
      pictures.push({ name, file, errors, charts: await page.locator("main .chart svg").count() });
      await page.close();
    }
    return pictures;
  } finally {
    await browser.close();
  }
}

/** WebP, which Playwright does not write by itself: a third of the size of a PNG. */
async function wholePage(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  const { cssContentSize } = await session.send("Page.getLayoutMetrics");
  const { data } = await session.send("Page.captureScreenshot", {
    format: "webp",
    quality: 60,
    captureBeyondViewport: true,
    clip: { ...cssContentSize, scale: 1 },
  });
  return Buffer.from(data, "base64");
}
