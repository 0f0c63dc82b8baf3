import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

import { chromium } from "playwright-core";

import { renderPage } from "./page";
import type { DashboardData } from "./queryDashboard";

/** Chromium on PATH; undefined when there is none. */
export function findChromium(): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)))
    .find((file) => existsSync(file));
}

/** What came of a dashboard's picture. */
export interface Picture {
  readonly title: string;
  readonly file: string;
  /** Errors that the page reported. */
  readonly errors: readonly string[];
  /** Charts that were drawn. */
  readonly charts: number;
}

/** Draws each dashboard into `<uid>.png` of a folder, in headless Chromium. */
export async function renderDashboards(
  dashboards: readonly DashboardData[],
  folder: string,
  executablePath: string,
): Promise<Picture[]> {
  mkdirSync(folder, { recursive: true });
  const chartLibrary = readFileSync(require.resolve("echarts/dist/echarts.min.js"), "utf8");
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
    ],
  });
  try {
    const pictures: Picture[] = [];
    for (const data of dashboards) {
      const page = await browser.newPage({ viewport: { width: 1840, height: 1000 }, timezoneId: "UTC" });
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      await page.setContent(renderPage(data, chartLibrary));
      await page.waitForSelector("body[data-ready=yes]");
      const file = join(folder, `${data.dashboard.uid}.png`);
      await page.screenshot({ path: file, fullPage: true });
      pictures.push({
        title: data.dashboard.title,
        file,
        errors,
        charts: await page.locator("main svg").count(),
      });
      await page.close();
    }
    return pictures;
  } finally {
    await browser.close();
  }
}
