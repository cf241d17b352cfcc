// A person signs up by a page with a CAPTCHA: the local widget, under the page's own policy.
// Usage: node browser/captcha.mjs <base URL> <provider> [--chromium PATH]

import { parseArgs } from "node:util";

import { Checks, close, launch } from "./browser.mjs";

const { values, positionals } = parseArgs({ options: { chromium: { type: "string" } }, allowPositionals: true });
const [base, provider] = positionals;
if (!provider) throw new Error("usage: node browser/captcha.mjs <base URL> <provider> [--chromium PATH]");

const checks = new Checks();
const context = await launch(values.chromium);
try {
  const page = await context.newPage();
  checks.watch(page);
  await checks.that(`${provider}: somebody signs up`, async () => {
    await page.goto(`${base}/signup`);
    await page.getByLabel("Your name").fill("Ada Lovelace");
    await page.getByLabel("E-mail address").fill("ada.captcha@example.com");
    await page.getByLabel("Password", { exact: true }).fill("nine tall ships past a quiet harbour");
    if (provider === "recaptcha") await page.waitForFunction("globalThis.grecaptcha");
    else {
      await page.getByLabel("I am a person").check();
      await page.waitForFunction("document.querySelector('.captcha input[type=hidden]').value");
    }
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("heading", { name: "Check your mail" }).waitFor();
  });
} finally {
  await close(context);
}
checks.finish();
