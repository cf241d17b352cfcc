// A person with the local stack's pages: sees the sample accounts, signs up, reads the mail, finds the link in it.
// Usage: node browser/mailbox.mjs <base URL> [--screenshots DIR] [--chromium PATH]

import { mkdir } from "node:fs/promises";
import { parseArgs } from "node:util";

import { Checks, close, launch } from "./browser.mjs";

const { values, positionals } = parseArgs({
  options: { screenshots: { type: "string" }, chromium: { type: "string" } },
  allowPositionals: true,
});
const [base] = positionals;
if (!base) throw new Error("usage: node browser/mailbox.mjs <base URL> [--screenshots DIR] [--chromium PATH]");

const LONGEST_WAIT_FOR_MAIL_MS = 5000;
const PASSWORD = "nine tall ships past a quiet harbour";
const email = `browser+${Date.now()}@example.com`;

const checks = new Checks();
const browser = await launch(values.chromium);
try {
  const page = await browser.newPage();
  checks.watch(page);

  await checks.that("the start page names the sample accounts", async () => {
    await open(page, "/_local/");
    const accounts = page.getByRole("region", { name: "Sample accounts" }).getByRole("rowheader");
    await accounts.first().waitFor();
    const rows = page.getByRole("region", { name: "Sample accounts" }).getByRole("row").filter({ hasText: "@" });
    const [names, addresses] = [await accounts.allInnerTexts(), await rows.count()];
    if (names.length !== addresses) throw new Error(`${names.length} accounts, ${addresses} addresses`);
    return names.join(", ");
  });

  await checks.that("a stranger signs up", async () => {
    const body = JSON.stringify({ email, password: PASSWORD, name: "Browser Test" });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${base}/auth/signup`, { method: "POST", headers, body });
    if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`);
  });

  const mail = page.getByRole("group").filter({ hasText: `to ${email}` });

  await checks.that("the mail appears in the mailbox", async () => {
    const start = performance.now();
    do {
      await open(page, "/_local/mail");
      if (await mail.count()) return `after ${Math.round(performance.now() - start)} ms`;
      await page.waitForTimeout(100);
    } while (performance.now() - start < LONGEST_WAIT_FOR_MAIL_MS);
    throw new Error(`not within ${LONGEST_WAIT_FOR_MAIL_MS} ms`);
  });

  await checks.that("the mail opens, and shows the link to verify the address", async () => {
    const link = mail.getByRole("link", { name: "token=" }).first();
    // The newest mail is open from the start: close it first, so that opening is seen to work.
    if (await link.isVisible()) await mail.getByRole("heading", { level: 2 }).click();
    await link.waitFor({ state: "hidden" });
    await mail.getByRole("heading", { level: 2 }).click();
    await link.waitFor({ state: "visible" });
    const [shown, target] = [await link.innerText(), await link.getAttribute("href")];
    if (shown !== target) throw new Error(`shows ${shown}, leads to ${target}`);
    const body = await mail.getByLabel(/^Text version of/).innerText();
    if (!body.includes(shown)) throw new Error("the text version has another link");
    return shown.replace(/token=.*/, "token=…");
  });

  await checks.that("the filter finds the mail by its recipient", async () => {
    await page.getByRole("textbox", { name: "Recipient" }).fill(email);
    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByRole("link", { name: "Show all" }).waitFor();
    if ((await mail.count()) !== 1) throw new Error(`${await mail.count()} mails`);
  });

  for (const [name, path] of [["start", "/_local/"], ["mailbox", "/_local/mail"]]) {
    for (const width of [1280, 375]) {
      await checks.that(`the page "${name}" fits ${width} px`, () => fits(page, name, path, width));
    }
  }
} finally {
  await close(browser);
}
checks.finish();

async function open(page, path) {
  const response = await page.goto(base + path);
  if (response.status() !== 200) throw new Error(`${path} answered ${response.status()}`);
}

// No sideways scrolling; with --screenshots also a picture each in light and dark.
async function fits(page, name, path, width) {
  await page.setViewportSize({ width, height: 800 });
  await open(page, path);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const excess = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    if (excess > 0) throw new Error(`${excess} px too wide`);
    if (!values.screenshots) continue;
    await mkdir(values.screenshots, { recursive: true });
    await page.screenshot({ path: `${values.screenshots}/${name}-${width}-${colorScheme}.png`, fullPage: true });
  }
}
