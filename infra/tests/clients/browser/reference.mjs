// The API reference as developers see it: with script and without, wide and narrow; and an operation that is tried from there.
// Usage: node browser/reference.mjs <base URL> [--screenshots DIR] [--chromium PATH]

import { mkdir } from "node:fs/promises";
import { parseArgs } from "node:util";

import { violations } from "./axe.mjs";
import { Checks, close, launch } from "./browser.mjs";

const { values, positionals } = parseArgs({
  options: { screenshots: { type: "string" }, chromium: { type: "string" } },
  allowPositionals: true,
});
const [base] = positionals;
if (!base) throw new Error("usage: node browser/reference.mjs <base URL> [--screenshots DIR] [--chromium PATH]");

const checks = new Checks();
const browser = await launch(values.chromium);
try {
  const page = await browser.newPage();
  checks.watch(page);
  await page.goto(`${base}/docs`);

  for (const width of [1280, 320]) {
    await checks.that(`the page fits ${width} px`, async () => {
      await page.setViewportSize({ width, height: 900 });
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        const excess = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (excess > 0) throw new Error(`${excess} px too wide`);
        const found = await violations(page);
        if (found) throw new Error(`${colorScheme}: ${found}`);
        if (!values.screenshots) continue;
        await mkdir(values.screenshots, { recursive: true });
        await page.screenshot({ path: `${values.screenshots}/reference-${width}-${colorScheme}.png` });
      }
    });
  }

  await checks.that("every link in it leads somewhere", async () => {
    const dead = await page.evaluate(
      "[...document.querySelectorAll('a[href^=\"#\"]')].map((a) => a.hash.slice(1)).filter((id) => !document.getElementById(id))",
    );
    if (dead.length) throw new Error(dead.join());
  });

  await checks.that("an operation is tried, and its answer is shown", async () => {
    const answer = await attempt(page, "health");
    if (!answer.startsWith("200") || !answer.includes('"status": "healthy"')) throw new Error(answer);
  });

  await checks.that("a part of the path is filled in", async () => {
    const article = page.locator("article#slugAvailable");
    await article.locator("summary").click();
    await article.getByLabel("slug").fill("quiet-rivers");
    await article.getByRole("button", { name: "Send" }).click();
    await article.locator("output").filter({ hasText: '"slug": "quiet-rivers"' }).waitFor();
  });
} finally {
  await close(browser);
}
checks.finish();

async function attempt(page, id) {
  const article = page.locator(`article#${id}`);
  await article.locator("summary").click();
  await article.getByRole("button", { name: "Send" }).click();
  await article.locator("output pre").waitFor();
  return article.locator("output").innerText();
}
