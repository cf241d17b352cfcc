// Every hosted page in light and dark, 320 and 1280 px wide: no finding of axe, no sideways scrolling, nothing against its
// own policy. Usage: node browser/every-page.mjs <base URL> [--screenshots DIR] [--chromium PATH]

import { mkdir, rm } from "node:fs/promises";
import { parseArgs } from "node:util";

import { violations } from "./axe.mjs";
import { Checks, close, launch } from "./browser.mjs";
import { AGENTS, elsewhere, later, open, signIn } from "./person.mjs";

const { values, positionals } = parseArgs({
  options: { screenshots: { type: "string" }, chromium: { type: "string" }, only: { type: "string", default: "" } },
  allowPositionals: true,
});
const [base] = positionals;
if (!base) throw new Error("usage: node browser/every-page.mjs <base URL> [--screenshots DIR] [--chromium PATH]");

const ADA = ["ada@example.com", "a small door in a large wall"];
const stamp = Date.now();
if (values.screenshots && !values.only) await rm(values.screenshots, { recursive: true, force: true });

const checks = new Checks();
const context = await launch(values.chromium);
try {
  const page = await open(context, base, checks);
  await strangers(page);
  await mistakes(page);
  await ownPages(page);
  await tooMany(page);
  await guarded(page);
} finally {
  await close(context);
}
checks.finish();

async function strangers(page) {
  const token = "A".repeat(43);
  for (const [name, path] of [
    ["login", "/login"],
    ["signup", "/signup"],
    ["check-mail", "/verify-email"],
    ["verify-email", `/verify-email?token=${token}`],
    ["forgot-password", "/forgot-password"],
    ["reset-password", `/reset-password?token=${token}`],
    ["unlock", `/unlock?token=${token}`],
    ["unlock-help", "/unlock"],
    ["signed-out", "/signed-out"],
    ["signup-german", "/signup?lang=de"],
    ["login-german", "/login?lang=de"],
  ]) await inspect(page, name, () => page.goto(base + path));
  page.expected.add(404);
  await inspect(page, "nowhere", () => page.goto(`${base}/nowhere?lang=en`));
  page.expected.clear();
}

async function mistakes(page) {
  await inspect(page, "signup-mistakes", async () => {
    await page.goto(`${base}/signup`);
    await page.getByLabel("Password", { exact: true }).fill("hello");
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel("E-mail address").fill(`${stamp}a@example.com`);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("alert").waitFor();
  });
  await inspect(page, "signup-typing", async () => {
    await page.goto(`${base}/signup`);
    await page.getByLabel("Your name").fill("Ada Lovelace");
    await page.getByLabel("E-mail address").fill("ada.lovelace@example.com");
    await page.getByLabel("Password", { exact: true }).pressSequentially("a long enough sentence");
    await page.getByRole("button", { name: "Show password" }).click();
  });
  await inspect(page, "login-mistake", async () => {
    await page.goto(`${base}/login`);
    await signIn(page, `nobody${stamp}@example.com`, "wrong");
    await page.getByRole("alert").waitFor();
  });
  await inspect(page, "link-expired", async () => {
    await page.goto(`${base}/verify-email?token=${"A".repeat(43)}`);
    await page.getByRole("button", { name: "Confirm this address" }).click();
    await page.getByRole("alert").waitFor();
  });
  await inspect(page, "forgot-sent", async () => {
    await page.goto(`${base}/forgot-password`);
    await page.getByLabel("E-mail address").fill(`pages${stamp}@example.com`);
    await page.getByRole("button", { name: "Send the link" }).click();
    await page.getByText("If there is an account").waitFor();
  });
}

async function ownPages(page) {
  const account = async () => {
    await page.goto(`${base}/account`);
    await page.locator("body[data-ready]").waitFor();
  };
  await later(base);
  await page.goto(`${base}/login`);
  await signIn(page, ...ADA);
  await inspect(page, "account-alone", account);
  for (const device of Object.keys(AGENTS)) {
    await elsewhere(base, ...ADA, device);
    await later(base, 7_000);
  }
  await page.goto(`${base}/auth/resume`);
  await inspect(page, "account", account);
  await inspect(page, "account-all-shown", async () => {
    await account();
    for (const summary of await page.locator("summary").all()) await summary.click();
  });
  await inspect(page, "account-signed-out-one", async () => {
    await account();
    await page.getByRole("button", { name: "Sign out Safari on macOS" }).click();
    await page.getByText("The device has been signed out.").waitFor();
  });
  await inspect(page, "change-password", () => page.goto(`${base}/account/password`));
  await inspect(page, "change-password-mistakes", async () => {
    await page.goto(`${base}/account/password`);
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByRole("alert").waitFor();
  });
  await inspect(page, "sign-out", () => page.goto(`${base}/auth/sign-out`));
  await inspect(page, "account-german", async () => {
    await page.goto(`${base}/account?lang=de`);
    await page.locator("body[data-ready]").waitFor();
  });
  await page.goto(`${base}/login?lang=en`);
  await context.clearCookies();
}

async function tooMany(page) {
  page.expected.add(429);
  await inspect(page, "too-many", async () => {
    for (let tries = 0; tries < 40; tries++) {
      await page.goto(`${base}/login`);
      await signIn(page, `nobody${tries}.${stamp}@example.com`, "wrong");
      if (await page.getByRole("heading", { name: "Too many attempts" }).count()) return;
    }
    throw new Error("no end of tries");
  });
}

/** A check that cannot fail proves nothing: what the policy forbids is noticed here, too. */
async function guarded(page) {
  await checks.that("what is against the policy is noticed", async () => {
    await page.goto(`${base}/login`);
    const before = checks.reported.length;
    await page.evaluate(() => document.body.setAttribute("style", "color: red"));
    await page.evaluate(() => { try { document.body.innerHTML = "<p>x"; } catch { /* Trusted types: it throws. */ } });
    await page.waitForTimeout(50);
    const noticed = checks.reported.splice(before);
    if (!noticed.some((line) => line.includes("style")) || !noticed.some((line) => line.includes("TrustedHTML"))) {
      throw new Error(`only this: ${noticed}`);
    }
  });
}

/** Opens a page and holds it to what every page owes; with --screenshots, takes its pictures. */
async function inspect(page, name, show) {
  if (!name.startsWith(values.only)) return;
  await checks.that(`the page "${name}" is sound`, async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await later(base);
    await show();
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const width of [320, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        const excess = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (excess > 0) throw new Error(`${excess} px too wide at ${width}`);
        const small = await page.evaluate(smallTargets);
        if (small.length) throw new Error(`${width} px: too small to be hit: ${small.join("; ")}`);
        const found = await violations(page);
        if (found) throw new Error(`${colorScheme}, ${width} px: ${found}`);
        if (!values.screenshots) continue;
        await mkdir(values.screenshots, { recursive: true });
        await page.screenshot({ path: `${values.screenshots}/page-${name}-${width}-${colorScheme}.png`, fullPage: true });
      }
    }
  });
}

/** What one presses is at least 44 px high, but for links in running text. */
function smallTargets() {
  const all = [...document.querySelectorAll("button, summary, .button, input:not([type=hidden], .away), nav a")];
  const shown = all.filter((it) => it.checkVisibility());
  return shown.filter((it) => it.getBoundingClientRect().height < 40).map((it) => `${it.tagName} ${it.textContent.trim()}`);
}
