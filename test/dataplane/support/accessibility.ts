/// <reference lib="dom" />
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const smallestPixels = 12;

/**
 * What keeps people from reading or using a page: the rules of WCAG 2 at level AA as axe checks them (contrast of at least
 * 4.5:1 among them), text below 12 px, and controls that the Tab key does not reach.
 */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: require.resolve("axe-core") });
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] })`,
  );
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${html.slice(0, 160)} ${any[0]?.message ?? ""}`),
  );
  return [...found, ...(await page.evaluate(smallTexts, smallestPixels)), ...(await unreached(page))];
}

function smallTexts(smallest: number): string[] {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found: string[] = [];
  while (texts.nextNode() !== null) {
    const { parentElement, textContent } = texts.currentNode;
    if (parentElement === null || textContent?.trim() === "" || /SCRIPT|STYLE/.test(parentElement.tagName))
      continue;
    const pixels = parseFloat(getComputedStyle(parentElement).fontSize);
    if (pixels < smallest) found.push(`"${textContent ?? ""}" has ${pixels} px`);
  }
  return found;
}

/** Controls that pressing Tab, from the top of the page on, does not reach. */
async function unreached(page: Page): Promise<string[]> {
  const controls = await page.evaluate(() => {
    const all = Array.from(
      document.querySelectorAll<HTMLElement>("a[href],button,select,input,summary,[tabindex]"),
    )
      .filter((element) => element.getClientRects().length > 0 && element.getAttribute("type") !== "hidden")
      .filter((element) => element.closest("details:not([open])") === null || element.tagName === "SUMMARY");
    all.forEach((element, index) => element.setAttribute("data-control", String(index)));
    (document.activeElement as HTMLElement | null)?.blur();
    return all.map((element) => element.outerHTML.slice(0, 120));
  });
  const reached = new Set<number>();
  for (let presses = 0; presses < controls.length + 10; presses += 1) {
    await page.keyboard.press("Tab");
    reached.add(
      await page.evaluate(() => Number(document.activeElement?.getAttribute("data-control") ?? -1)),
    );
  }
  return controls.filter((_, index) => !reached.has(index)).map((html) => `Tab does not reach ${html}`);
}
