// Starts the machine's own Chromium, and keeps count of what was checked with it. Knows no page.

import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

// Quiet flags: nothing here may look beyond this machine.
const FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const QUIET = ["--disable-component-update", "--disable-sync"];

const profiles = new Map();

export async function launch(executable = find(), how = {}) {
  const profile = await mkdtemp(join(tmpdir(), "postern-chromium-"));
  // Chromium's sandbox does not work for root.
  const chromiumSandbox = process.getuid?.() !== 0;
  const options = { executablePath: executable, args: [...FLAGS, ...QUIET], chromiumSandbox, headless: true, ...how };
  const context = await chromium.launchPersistentContext(profile, options);
  context.setDefaultTimeout(5000);
  profiles.set(context, profile);
  return context;
}

export async function close(context) {
  await context.close();
  await rm(profiles.get(context), { recursive: true, force: true });
}

function find() {
  const places = process.env.PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error(`none of ${NAMES.join(", ")} is in PATH`);
  return found;
}

export class Checks {
  passed = 0;
  failed = 0;
  // What pages complained about: in the console, or by something that did not load.
  reported = [];

  watch(page) {
    page.on("console", (message) => message.type() === "error" && this.reported.push(message.text()));
    page.on("pageerror", (error) => this.reported.push(error.message));
    page.on("requestfailed", (request) => this.reported.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on("response", (response) => {
      if (response.status() >= 400) this.reported.push(`${response.url()} answered ${response.status()}`);
    });
  }

  // Runs one check, unless an earlier one failed; what it returns is printed as a detail.
  async that(sentence, check) {
    if (this.failed) return console.log(`skip ${sentence}`);
    try {
      const detail = await check();
      this.passed++;
      console.log(`ok   ${sentence}${detail ? ` (${detail})` : ""}`);
    } catch (error) {
      this.failed++;
      console.log(`FAIL ${sentence}: ${error.message.split("\n")[0]}`);
    }
  }

  // Prints the sum and sets the exit code. Also fails when a page complained.
  finish() {
    for (const complaint of this.reported) console.log(`FAIL a page reported: ${complaint}`);
    this.failed += this.reported.length;
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed ? 1 : 0;
  }
}
