// The example app as its user sees it: sign up, follow the mail's link, sign in, write a note, come back after the token's end,
// sign out. Usage: node browser/notes.mjs <Postern's URL> <port for the app> [--chromium PATH]

import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";

import { Checks, close, launch } from "./browser.mjs";

const { values, positionals } = parseArgs({ options: { chromium: { type: "string" } }, allowPositionals: true });
const [postern, port] = positionals;
if (!port) throw new Error("usage: node browser/notes.mjs <Postern's URL> <port for the app> [--chromium PATH]");

const APP = new URL("../../../../examples/notes/", import.meta.url);
const origin = `http://localhost:${port}`;
const EMAIL = `notes+${Date.now()}@example.com`;
const PASSWORD = "nine tall ships past a quiet harbour";

const installed = spawn("npm", ["install", "--offline", "--no-audit", "--no-fund", "--silent"], { cwd: APP, stdio: "inherit" });
const [code] = await once(installed, "exit");
if (code !== 0) throw new Error(`npm install ended with ${code}`);
const server = spawn("node", ["server.js"], {
  cwd: APP,
  env: { ...process.env, PORT: port, POSTERN_URL: postern },
  stdio: ["ignore", "pipe", "inherit"],
});
await once(server.stdout, "data");

const checks = new Checks();
const browser = await launch(values.chromium);
try {
  const page = await browser.newPage();
  const answers = [];
  page.on("response", (response) => answers.push(`${response.request().method()} ${new URL(response.url()).pathname} ${response.status()}`));
  page.on("pageerror", (error) => checks.reported.push(error.message));
  page.on("console", (message) => /Content Security Policy/i.test(message.text()) && checks.reported.push(message.text()));
  const says = (text) => page.getByRole("status").filter({ hasText: text }).waitFor();

  await checks.that("a visitor sees the forms, and no notes", async () => {
    await page.goto(origin);
    await page.getByRole("heading", { name: "New here?" }).waitFor();
    if (await page.locator("#signed-in").isVisible()) throw new Error("notes are shown");
    const { status } = await page.request.get(`${origin}/api/notes`).then((answer) => ({ status: answer.status() }));
    if (status !== 401) throw new Error(`the API answered ${status}`);
  });

  await checks.that("somebody signs up, and cannot sign in before the address is verified", async () => {
    const form = page.locator("#sign-up");
    await form.getByLabel("Name").fill("Kim Park");
    await form.getByLabel("E-mail address").fill(EMAIL);
    await form.getByLabel("Password").fill(PASSWORD);
    await form.getByRole("button", { name: "Sign up" }).click();
    await says("Look into your mailbox");
    await signIn(page);
    await says("Open the link in the mail");
  });

  await checks.that("the mail's link leads to the app, and verifies the address", async () => {
    const mails = await (await fetch(`${postern}/_local/mail.json?to=${encodeURIComponent(EMAIL)}`)).json();
    const link = /http\S+\/verify-email\?token=[\w-]+/.exec(mails[0].text)[0];
    if (!link.startsWith(origin)) throw new Error(`it leads to ${link}`);
    await page.goto(link);
    await says("verified");
    if (page.url() !== `${origin}/`) throw new Error(`the token is still in ${page.url()}`);
  });

  await checks.that("they sign in, and write a note through the app's own API", async () => {
    await signIn(page);
    await page.getByText("Signed in as Kim Park").waitFor();
    await note(page, "buy pens");
  });

  await checks.that("after the token's end the next note refreshes it", async () => {
    const headers = { "content-type": "application/json" };
    await fetch(`${postern}/_local/clock`, { method: "POST", headers, body: JSON.stringify({ advanceSeconds: 1000 }) });
    answers.length = 0;
    await note(page, "buy ink");
    const seen = answers.filter((answer) => /api|refresh/.test(answer)).join(", ");
    if (seen !== "POST /api/notes 401, POST /auth/refresh 200, POST /api/notes 201") throw new Error(seen);
    return seen;
  });

  await checks.that("after a reload they are still there, and so are the notes", async () => {
    await page.reload();
    await page.getByText("Signed in as Kim Park").waitFor();
    await page.getByRole("listitem").filter({ hasText: "buy ink" }).waitFor();
  });

  await checks.that("a foreign page cannot write a note with their cookies", async () => {
    const answer = await page.request.post(`${origin}/api/notes`, { headers: { origin: "https://evil.example" }, data: { text: "x" } });
    if (answer.status() !== 403) throw new Error(`${answer.status()}`);
  });

  await checks.that("they sign out, and the app's API knows them no more", async () => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "New here?" }).waitFor();
    const answer = await page.request.get(`${origin}/api/notes`);
    if (answer.status() !== 401) throw new Error(`${answer.status()}`);
  });
} finally {
  await close(browser);
  server.kill();
}
checks.finish();

async function signIn(page) {
  const form = page.locator("#sign-in");
  await form.getByLabel("E-mail address").fill(EMAIL);
  await form.getByLabel("Password").fill(PASSWORD);
  await form.getByRole("button", { name: "Sign in" }).click();
}

async function note(page, text) {
  await page.getByLabel("Another note").fill(text);
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByRole("listitem").filter({ hasText: text }).waitFor();
}
