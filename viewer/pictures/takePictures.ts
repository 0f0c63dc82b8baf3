import { existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type Page } from "playwright-core";

/** Chromium on PATH; undefined when there is none. */
export function findChromium(): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)))
    .find((file) => existsSync(file));
}

/** What came of a picture. */
export interface Picture {
  readonly uid: string;
  readonly file: string;
  /** Errors that the page or one of its panels reported. */
  readonly errors: readonly string[];
  /** Charts that were drawn. */
  readonly charts: number;
}

export interface PictureOptions {
  /** Base URL of a running viewer. */
  readonly url: string;
  readonly uids: readonly string[];
  readonly folder: string;
  /** Path of chromium. */
  readonly executablePath: string;
  /** Of the administrator. */
  readonly password: string;
  /** Of the address, for example "from=now-30d&theme=light". */
  readonly query?: string;
  /** Looks at each page, and returns what is wrong with it. */
  readonly inspect?: (page: Page) => Promise<string[]>;
}

/** Takes a picture of each dashboard, `<uid>.png` in a folder, in headless Chromium. */
export async function takePictures(options: PictureOptions): Promise<Picture[]> {
  const { url, uids, folder, executablePath, password, query = "", inspect } = options;
  mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
  try {
    const context = await browser.newContext({
      viewport: { width: 1600, height: 900 },
      timezoneId: "UTC",
      httpCredentials: { username: "admin", password },
    });
    const pictures: Picture[] = [];
    for (const uid of uids) {
      const page = await context.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      await page.goto(`${url}/d/${uid}?${query}`);
      await page.waitForSelector("body[data-ready=yes]");
      errors.push(...(await page.locator(".error").allTextContents()));
      const file = join(folder, `${uid}.png`);
      await page.screenshot({ path: file, fullPage: true });
      if (inspect !== undefined) errors.push(...(await inspect(page)));
      pictures.push({ uid, file, errors, charts: await page.locator("main .chart svg").count() });
      await page.close();
    }
    return pictures;
  } finally {
    await browser.close();
  }
}
