// A person with the hosted pages, with script and without: signs up, in and out, mends mistakes, gets back in by mail.
// Every page is held to axe's rules in light and dark, to 320 px, and to its own policy.
// Usage: node browser/pages.mjs <base URL> [--screenshots DIR] [--chromium PATH]

import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";

import { Checks, close, launch } from "./browser.mjs";

const { values, positionals } = parseArgs({
  options: { screenshots: { type: "string" }, chromium: { type: "string" } },
  allowPositionals: true,
});
const [base] = positionals;
if (!base) throw new Error("usage: node browser/pages.mjs <base URL> [--screenshots DIR] [--chromium PATH]");

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PASSWORD = "nine tall ships past a quiet harbour";
const NEXT = "four blue kites above a windy hill";
const stamp = Date.now();

const checks = new Checks();
const context = await launch(values.chromium);
// Statuses that pages are asked for on purpose, and the line that Chromium itself writes about them.
const EXPECTED = new Set();
try {
  await life("with script", context, `with${stamp}@example.com`);
  const plain = await launch(values.chromium, { javaScriptEnabled: false });
  await life("without script", plain, `without${stamp}@example.com`).finally(() => close(plain));
  await additions();
  await everyPage();
} finally {
  await close(context);
}
checks.finish();

/** A whole life of an account, by forms. */
async function life(how, context, email) {
  const page = await context.newPage();
  watch(page);
  const that = (sentence, check) => checks.that(`${how}: ${sentence}`, async () => (await later(), check()));

  await that("a mistake is told, focused, and linked to its field", async () => {
    await page.goto(`${base}/signup`);
    await page.getByLabel("Your name").fill("Ada Lovelace");
    await page.getByLabel("E-mail address").fill("ada");
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Create account" }).click();
    const summary = page.getByRole("alert");
    await summary.waitFor();
    if (!(await page.title()).startsWith("Error: ")) throw new Error(`title is ${await page.title()}`);
    if (!(await summary.evaluate((it) => it === document.activeElement))) throw new Error("the summary has no focus");
    if ((await page.getByLabel("E-mail address").getAttribute("aria-invalid")) !== "true") throw new Error("not marked");
    if ((await page.getByLabel("Your name").inputValue()) !== "Ada Lovelace") throw new Error("the name is gone");
    if (await page.getByLabel("Password", { exact: true }).inputValue()) throw new Error("the password is still there");
    await summary.getByRole("link").first().click();
    if (!(await page.getByLabel("E-mail address").evaluate((it) => it === document.activeElement))) throw new Error("no focus");
  });

  await that("somebody signs up, and opens the link in the mail", async () => {
    await page.getByLabel("E-mail address").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("heading", { name: "Check your mail" }).waitFor();
    await page.goto(await link(email, "verify-email"));
    await page.getByRole("button", { name: "Confirm this address" }).click();
    await page.getByText("Your address is confirmed").waitFor();
  });

  await that("a wrong password keeps the address, the right one signs in", async () => {
    await signIn(page, email, "not this one");
    await page.getByText("E-mail address or password is wrong.").first().waitFor();
    if ((await page.getByLabel("E-mail address").inputValue()) !== email) throw new Error("the address is gone");
    await signIn(page, email, PASSWORD);
    await page.getByRole("heading", { name: "Your account" }).waitFor();
    await page.getByText("Ada Lovelace").waitFor();
  });

  await that("the password is changed, and the browser stays signed in", async () => {
    await page.getByRole("link", { name: "Change password" }).click();
    await page.getByLabel("Current password").fill(PASSWORD);
    await page.getByLabel("New password").fill(NEXT);
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByText("Your password has been changed").waitFor();
  });

  await that("signing out leads to a page that says so, and Back shows no account", async () => {
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
    await page.goto(await link(email, "reset-password"));
    await page.getByLabel("New password").fill(PASSWORD);
    await page.getByRole("button", { name: "Save the new password" }).click();
    await page.getByText("All other sessions were signed out").waitFor();
    await signIn(page, email, PASSWORD);
    await page.getByRole("heading", { name: "Your account" }).waitFor();
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
    await page.getByRole("heading", { name: "Your account" }).waitFor();
  });
  await page.close();
}

/** What script adds. */
async function additions() {
  const page = await context.newPage();
  watch(page);
  await checks.that("a password can be shown, and is hidden again before it is sent", async () => {
    await page.goto(`${base}/login`);
    const password = page.getByLabel("Password", { exact: true });
    await password.fill("let me see");
    await page.getByRole("button", { name: "Show password" }).click();
    if ((await password.getAttribute("type")) !== "text") throw new Error("it is not shown");
    await page.route("**/login", (route) => route.request().method() === "POST" ? route.abort() : route.continue());
    await page.evaluate("document.querySelector('form').addEventListener('submit', (event) => event.preventDefault())");
    await page.getByRole("button", { name: "Sign in" }).click();
    if ((await password.getAttribute("type")) !== "password") throw new Error("it is still shown");
  });
  await checks.that("the rules are ticked off while one types", async () => {
    await page.goto(`${base}/signup`);
    const met = page.locator(".rules .met");
    await page.getByLabel("Password", { exact: true }).pressSequentially("Abc 1234");
    if ((await met.count()) !== 1) throw new Error(`${await met.count()} met`);
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
  await page.close();
}

/** Every page, in light and dark, wide and narrow. */
async function everyPage() {
  const email = `pages${stamp}@example.com`;
  const page = await context.newPage();
  watch(page);
  await context.clearCookies();
  const token = "A".repeat(43);
  const pages = [
    ["login", "/login"],
    ["signup", "/signup"],
    ["check-mail", "/verify-email"],
    ["verify-email", `/verify-email?token=${token}`],
    ["forgot-password", "/forgot-password"],
    ["reset-password", `/reset-password?token=${token}`],
    ["unlock", `/unlock?token=${token}`],
    ["unlock-help", "/unlock"],
    ["signed-out", "/signed-out"],
    ["login-german", "/login?lang=de"],
    ["signup-german", "/signup?lang=de"],
    ["login-english", "/login?lang=en"],
  ];
  for (const [name, path] of pages) await inspect(page, name, () => page.goto(base + path));
  await inspect(page, "signup-mistakes", async () => {
    await page.goto(`${base}/signup`);
    await page.getByLabel("Password", { exact: true }).fill("hello");
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel("E-mail address").fill(`${stamp}a@example.com`);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("alert").waitFor();
  });
  await inspect(page, "login-mistake", async () => {
    await page.goto(`${base}/login`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
  });
  await inspect(page, "forgot-sent", async () => {
    await page.goto(`${base}/forgot-password`);
    await page.getByLabel("E-mail address").fill(email);
    await page.getByRole("button", { name: "Send the link" }).click();
    await page.getByText("If there is an account").waitFor();
  });
  await signIn(page, "ada@example.com", "a small door in a large wall", true);
  for (const [name, path] of [["account", "/account"], ["change-password", "/account/password"], ["sign-out", "/auth/sign-out"]]) {
    await inspect(page, name, () => page.goto(base + path));
  }
  await context.clearCookies();
  EXPECTED.add(429);
  await inspect(page, "too-many", async () => {
    for (let tries = 0; tries < 40; tries++) {
      await signIn(page, `nobody${tries}.${stamp}@example.com`, "wrong", true);
      if (await page.getByRole("heading", { name: "Too many attempts" }).count()) return;
    }
    throw new Error("no end of tries");
  });
  await page.close();
}

async function signIn(page, email, password, fresh = false) {
  if (fresh) await page.goto(`${base}/login`);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForLoadState();
}

/** Opens a page and holds it to what every page owes; with --screenshots, takes its pictures. */
async function inspect(page, name, open) {
  await checks.that(`the page "${name}" is sound`, async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await later();
    await open();
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const width of [320, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        const excess = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (excess > 0) throw new Error(`${excess} px too wide at ${width}`);
        const found = await violations(page);
        if (found) throw new Error(`${colorScheme}, ${width} px: ${found}`);
        if (!values.screenshots) continue;
        await mkdir(values.screenshots, { recursive: true });
        await page.screenshot({ path: `${values.screenshots}/page-${name}-${width}-${colorScheme}.png`, fullPage: true });
      }
    }
  });
}

/** axe's findings. It runs beside the page, in a world of its own, so the page's policy stays as it is. */
async function violations(page) {
  const client = await page.context().newCDPSession(page);
  const { frameTree } = await client.send("Page.getFrameTree");
  const world = await client.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
  const run = (expression) =>
    client.send("Runtime.evaluate", { expression, contextId: world.executionContextId, awaitPromise: true, returnByValue: true });
  await run(axe);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const options = { runOnly: { type: "tag", values: tags } };
  const answer = await run(`axe.run(${JSON.stringify(options)}).then((it) => it.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target + " " + n.failureSummary).join(" | ")))`);
  await client.detach();
  if (answer.exceptionDetails) throw new Error(`axe did not run: ${answer.exceptionDetails.exception?.description}`);
  return answer.result.value.join("; ").replaceAll("\n", " ");
}

function watch(page) {
  const reported = checks.reported;
  const isOurs = (text) => ![...EXPECTED].some((status) => text.includes(`status of ${status}`));
  page.on("console", (message) => message.type() === "error" && isOurs(message.text()) && reported.push(message.text()));
  page.on("pageerror", (error) => reported.push(error.message));
  page.on("request", (request) => request.url().startsWith(base) || reported.push(`asks elsewhere: ${request.url()}`));
  page.on("response", (response) => {
    if (response.status() >= 400 && !EXPECTED.has(response.status())) reported.push(`${response.url()} answered ${response.status()}`);
  });
}

/** A minute later no limit of a route is in the way. */
async function later() {
  const headers = { "content-type": "application/json" };
  await fetch(`${base}/_local/clock`, { method: "POST", headers, body: JSON.stringify({ advanceSeconds: 61 }) });
}

/** The newest link to a page in the mails to an address. */
async function link(to, path) {
  for (let tries = 0; tries < 50; tries++) {
    const mails = await (await fetch(`${base}/_local/mail.json?to=${encodeURIComponent(to)}`)).json();
    const found = mails.map((mail) => mail.text.match(new RegExp(`\\S+/${path}\\?token=\\S+`))?.[0]).find(Boolean);
    if (found) return found;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${to} got no link to ${path}`);
}
