// A person with the hosted pages, with script and without: signs up, in and out, mends mistakes, gets back in by mail, signs
// other devices out. Usage: node browser/pages.mjs <base URL> [--chromium PATH]

import { parseArgs } from "node:util";

import { Checks, close, launch } from "./browser.mjs";
import { AGENTS, elsewhere, later, link, open, signIn } from "./person.mjs";

const { values, positionals } = parseArgs({ options: { chromium: { type: "string" } }, allowPositionals: true });
const [base] = positionals;
if (!base) throw new Error("usage: node browser/pages.mjs <base URL> [--chromium PATH]");

const PASSWORD = "nine tall ships past a quiet harbour";
const NEXT = "four blue kites above a windy hill";
const stamp = Date.now();

const checks = new Checks();
const context = await launch(values.chromium);
try {
  await life("with script", context, `with${stamp}@example.com`);
  const plain = await launch(values.chromium, { javaScriptEnabled: false });
  await life("without script", plain, `without${stamp}@example.com`).finally(() => close(plain));
  await forms();
  await tabs();
} finally {
  await close(context);
}
checks.finish();

/** A whole life of an account, by forms. */
async function life(how, context, email) {
  const page = await open(context, base, checks);
  const that = (sentence, check) => checks.that(`${how}: ${sentence}`, async () => (await later(base), check()));
  const account = async () => {
    await page.getByRole("heading", { name: "Your account" }).waitFor();
    if (how === "with script") await page.locator("body[data-ready]").waitFor();
  };

  await that("a mistake is told, focused, and linked to its field", async () => {
    await page.goto(`${base}/signup`);
    await page.getByLabel("Your name").fill("Ada Lovelace");
    await page.getByLabel("E-mail address").fill("ada");
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Create account" }).click();
    const summary = page.getByRole("alert");
    await summary.waitFor();
    if (!(await page.title()).startsWith("Error: ")) throw new Error(`title is ${await page.title()}`);
    if (!(await isFocused(summary))) throw new Error("the summary has no focus");
    if ((await page.getByLabel("E-mail address").getAttribute("aria-invalid")) !== "true") throw new Error("not marked");
    if ((await page.getByLabel("Your name").inputValue()) !== "Ada Lovelace") throw new Error("the name is gone");
    if (await page.getByLabel("Password", { exact: true }).inputValue()) throw new Error("the password is still there");
    await summary.getByRole("link").first().click();
    if (!(await isFocused(page.getByLabel("E-mail address")))) throw new Error("no focus");
  });

  await that("somebody signs up, and opens the link in the mail", async () => {
    await page.getByLabel("E-mail address").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("heading", { name: "Check your mail" }).waitFor();
    await page.goto(await link(context, base, email, "verify-email"));
    await page.getByRole("button", { name: "Confirm this address" }).click();
    await page.getByText("Your address is confirmed").waitFor();
  });

  await that("a wrong password keeps the address, the right one signs in", async () => {
    await signIn(page, email, "not this one");
    await page.getByText("E-mail address or password is wrong.").first().waitFor();
    if ((await page.getByLabel("E-mail address").inputValue()) !== email) throw new Error("the address is gone");
    await signIn(page, email, PASSWORD);
    await account();
    await page.getByText("Ada Lovelace").waitFor();
  });

  await that("the devices are listed, this one is marked, and another one is signed out", async () => {
    await page.getByText("You are signed in nowhere else.").waitFor();
    const isIn = await elsewhere(base, email, PASSWORD, "Firefox on Windows");
    const others = [await elsewhere(base, email, PASSWORD, "Safari on iPhone"), await elsewhere(base, email, PASSWORD, "Safari on iPad")];
    await page.reload();
    await account();
    const rows = page.getByRole("listitem").filter({ has: page.getByRole("heading", { level: 3 }) });
    if ((await rows.count()) !== 4) throw new Error(`${await rows.count()} devices`);
    if (!(await rows.first().innerText()).includes("This device")) throw new Error("this one is not the first");
    if (await rows.first().getByRole("button").count()) throw new Error("this one has a button");
    await page.getByRole("button", { name: "Sign out Firefox on Windows" }).click();
    await page.getByText("The device has been signed out.").waitFor();
    if ((await rows.count()) !== 3) throw new Error(`${await rows.count()} devices are left`);
    if (await isIn()) throw new Error("it is still signed in");
    await page.getByText("Sign out everywhere else").click();
    await page.getByRole("button", { name: "Sign out all other devices" }).click();
    await page.getByText("All other devices have been signed out.").waitFor();
    if ((await rows.count()) !== 1) throw new Error(`${await rows.count()} devices are left`);
    for (const isStillIn of others) if (await isStillIn()) throw new Error("one is still signed in");
    await page.reload();
    await account();
    await page.getByText("You are signed in nowhere else.").waitFor();
  });

  await that("the password is changed, and the browser stays signed in", async () => {
    await page.getByRole("link", { name: "Change password" }).click();
    await page.getByLabel("Current password").fill(PASSWORD);
    await page.getByLabel("New password").fill(NEXT);
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByText("Your password has been changed").waitFor();
    await account();
  });

  await that("signing out leads to a page that says so, and there is no account any more", async () => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    await page.goto(`${base}/account`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });

  await that("a forgotten password is replaced by mail", async () => {
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await page.getByLabel("E-mail address").fill(email);
    await page.getByRole("button", { name: "Send the link" }).click();
    await page.getByText(`If there is an account for ${email}`).waitFor();
    await page.goto(await link(context, base, email, "reset-password"));
    await page.getByLabel("New password").fill(PASSWORD);
    await page.getByRole("button", { name: "Save the new password" }).click();
    await page.getByText("All other sessions were signed out").waitFor();
    await signIn(page, email, PASSWORD);
    await account();
  });

  await that("the language changes by a link, and stays", async () => {
    await page.getByRole("link", { name: "Deutsch" }).click();
    await page.getByRole("heading", { name: "Ihr Konto" }).waitFor();
    await page.goto(`${base}/account/password`);
    await page.getByRole("heading", { name: "Passwort ändern" }).waitFor();
    await page.getByRole("link", { name: "English" }).click();
    await page.getByRole("heading", { name: "Change your password" }).waitFor();
  });

  await that("a session without its access token is taken up again", async () => {
    await context.clearCookies({ name: /access$/ });
    await page.goto(`${base}/account`);
    if (how === "without script") await page.getByRole("button", { name: "Continue" }).click();
    await account();
  });
  await page.close();
}

/** What script adds to forms. */
async function forms() {
  const page = await open(context, base, checks);
  await checks.that("a password can be shown, and is hidden again before it is sent", async () => {
    await page.goto(`${base}/login`);
    const password = page.getByLabel("Password", { exact: true });
    await password.fill("let me see");
    await page.getByRole("button", { name: "Show password" }).click();
    if ((await password.getAttribute("type")) !== "text") throw new Error("it is not shown");
    await page.evaluate("document.querySelector('form').addEventListener('submit', (event) => event.preventDefault())");
    await page.getByRole("button", { name: "Sign in" }).click();
    if ((await password.getAttribute("type")) !== "password") throw new Error("it is still shown");
  });
  await checks.that("the rules are ticked off while one types", async () => {
    await page.goto(`${base}/signup`);
    const met = page.locator(".rules .met");
    await page.getByLabel("Password", { exact: true }).pressSequentially("Abc 1234");
    if ((await met.count()) !== 1) throw new Error(`${await met.count()} met`);
    await page.getByLabel("Password", { exact: true }).fill("short");
    if ((await met.count()) !== 0) throw new Error(`${await met.count()} met`);
    await page.getByLabel("Password", { exact: true }).fill("a long enough sentence");
    if ((await met.count()) !== 1) throw new Error(`${await met.count()} met`);
  });
  await checks.that("a form that is sent twice is sent once", async () => {
    let sent = 0;
    page.on("request", (request) => (sent += request.method() === "POST" ? 1 : 0));
    await page.goto(`${base}/forgot-password`);
    await page.getByLabel("E-mail address").fill("twice@example.com");
    await page.evaluate("const b = document.querySelector('form button'); b.click(); b.click(); b.click()");
    await page.getByText("If there is an account for twice@example.com").waitFor();
    if (sent !== 1) throw new Error(`${sent} times`);
  });
  await checks.that("a form that was stopped on its way can be sent again", async () => {
    let sent = 0;
    await page.route("**/forgot-password", (route) => {
      if (route.request().method() !== "POST") return route.continue();
      // As after Stop: the page stays, and nobody tells it.
      return ++sent === 1 ? route.fulfill({ status: 204 }) : route.continue();
    });
    await page.goto(`${base}/forgot-password`);
    await page.getByLabel("E-mail address").fill("stopped@example.com");
    const send = page.getByRole("button", { name: "Send the link" });
    await send.click();
    await page.locator("button[type=submit]:not([aria-busy])").waitFor({ timeout: 9000 });
    await send.click();
    await page.getByText("If there is an account for stopped@example.com").waitFor();
    await page.unroute("**/forgot-password");
  });
  await checks.that("a browser without cookies is told at once", async () => {
    await page.addInitScript("Object.defineProperty(navigator, 'cookieEnabled', { get: () => !location.search.includes('blocked') })");
    await page.goto(`${base}/login?blocked`);
    await page.getByText("Your browser keeps no cookies.").waitFor();
    await page.goto(`${base}/login`);
    if (await page.getByText("Your browser keeps no cookies.").count()) throw new Error("told for nothing");
  });
  await checks.that("everything can be reached and sent with the keyboard", async () => {
    await page.goto(`${base}/login`);
    await page.keyboard.press("Tab");
    if (!(await isFocused(page.getByRole("link", { name: "Skip to content" })))) throw new Error("no way to skip");
    const reached = [];
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press("Tab");
      reached.push(await page.evaluate("document.activeElement.textContent.trim() || document.activeElement.name"));
    }
    for (const name of ["email", "Forgot your password?", "password", "Show", "Sign in", "Create an account", "Deutsch"]) {
      if (!reached.includes(name)) throw new Error(`${name} is not among ${reached}`);
    }
    await page.getByLabel("E-mail address").fill("ada@example.com");
    await page.getByLabel("Password", { exact: true }).fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
  });
  await checks.that("a field that is being mended is no longer called wrong", async () => {
    const password = page.getByLabel("Password", { exact: true });
    if ((await password.getAttribute("aria-invalid")) !== "true") throw new Error("it was not wrong");
    await password.pressSequentially("a");
    if (await password.getAttribute("aria-invalid")) throw new Error("it is still wrong");
  });
  await checks.that("being offline is told", async () => {
    await context.setOffline(true);
    await page.getByText("You are offline.").waitFor();
    await context.setOffline(false);
    await page.getByText("You are offline.").waitFor({ state: "hidden" });
  });
  await page.close();
}

/** What the SDK adds to the account: its session lives on, and its tabs know of each other. */
async function tabs() {
  const email = "ada@example.com";
  const page = await open(context, base, checks);
  const refreshes = [];
  page.on("request", (request) => request.url().endsWith("/auth/refresh") && refreshes.push(request.method()));
  const ready = () => page.locator("body[data-ready]").waitFor();

  await checks.that("an account that is open longer than its access token lives still works", async () => {
    await context.clearCookies();
    await later(base);
    await page.goto(`${base}/login`);
    await signIn(page, email, "a small door in a large wall");
    await elsewhere(base, email, "a small door in a large wall", "Edge on Windows");
    await page.reload();
    await ready();
    if (refreshes.length) throw new Error("it was refreshed at once");
    page.expected.add(401);
    await later(base, 16 * 60);
    await page.getByRole("button", { name: "Sign out Edge on Windows" }).click();
    await page.getByText("The device has been signed out.").waitFor();
    page.expected.clear();
    if (refreshes.length !== 1) throw new Error(`${refreshes.length} refreshes`);
  });
  await checks.that("a device that could not be signed out comes back", async () => {
    await elsewhere(base, email, "a small door in a large wall", "Chrome on Android");
    await page.reload();
    await ready();
    page.expected.add(503);
    const fail = { status: 503, contentType: "application/problem+json", body: '{"code":"unavailable"}' };
    await page.route("**/user/sessions/*", (route) => route.fulfill(fail));
    const button = page.getByRole("button", { name: "Sign out Chrome on Android" });
    await button.click();
    await page.getByText("The device could not be signed out.").waitFor();
    if (!(await isFocused(button))) throw new Error("the focus is lost");
    await page.unroute("**/user/sessions/*");
    page.expected.clear();
  });
  await checks.that("the number of folded devices goes down with them", async () => {
    for (const device of Object.keys(AGENTS)) {
      await later(base);
      await elsewhere(base, email, "a small door in a large wall", device);
    }
    await page.reload();
    await ready();
    const more = page.locator("details.more:not(.end)");
    const number = async () => Number((await more.locator("summary").innerText()).match(/\d+/)[0]);
    const before = await number();
    await more.locator("summary").click();
    await more.getByRole("button").first().click();
    await page.getByText("The device has been signed out.").waitFor();
    if (before > 1 && (await number()) !== before - 1) throw new Error(`${before}, then ${await number()}`);
    if (before === 1 && (await more.count())) throw new Error("an empty list is left");
  });
  await checks.that("signing out in one tab leads the other one out, too", async () => {
    const other = await open(context, base, checks);
    await other.goto(`${base}/account`);
    await other.locator("body[data-ready]").waitFor();
    await other.getByRole("button", { name: "Sign out", exact: true }).click();
    await other.getByRole("heading", { name: "You are signed out" }).waitFor();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    await other.close();
  });
  await page.close();
}

function isFocused(locator) {
  return locator.evaluate((element) => element === document.activeElement);
}
