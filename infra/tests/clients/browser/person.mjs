// What a person does on the hosted pages, and what every page owes them. Knows one running stack.

/** A page that nobody may complain about: no error, nothing from elsewhere, no answer that is not expected. */
export async function open(context, base, checks) {
  const page = await context.newPage();
  /** Statuses that are asked for on purpose, and the line that Chromium itself writes about them. */
  page.expected = new Set();
  const { reported } = checks;
  const isOurs = (text) => ![...page.expected].some((status) => text.includes(`status of ${status}`));
  page.on("console", (message) => message.type() === "error" && isOurs(message.text()) && reported.push(message.text()));
  page.on("pageerror", (error) => reported.push(error.message));
  page.on("request", (request) => request.url().startsWith(base) || reported.push(`asks elsewhere: ${request.url()}`));
  page.on("response", (response) => {
    const status = response.status();
    if (status >= 400 && !page.expected.has(status)) reported.push(`${response.url()} answered ${status}`);
  });
  return page;
}

export async function signIn(page, email, password) {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForLoadState();
}

export const AGENTS = {
  "Firefox on Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:149.0) Gecko/20100101 Firefox/149.0",
  "Safari on iPhone": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
  "Safari on iPad": "Mozilla/5.0 (iPad; CPU OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
  "Chrome on Android": "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36",
  "Edge on Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36 Edg/149.0.0.0",
  "Safari on macOS": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15",
};

/** The same person on another device. Returns whether that is still signed in. */
export async function elsewhere(base, email, password, device) {
  // Each from a network of its own, as devices are; so no limit of one address is in the way.
  const source = `198.51.${Object.keys(AGENTS).indexOf(device)}.${1 + Math.floor(Math.random() * 250)}`;
  const headers = { "content-type": "application/json", "user-agent": AGENTS[device], "x-local-source-ip": source };
  const body = JSON.stringify({ email, password, tokenDelivery: "body" });
  const answer = await fetch(`${base}/auth/login`, { method: "POST", headers, body });
  if (answer.status !== 200) throw new Error(`${device} could not sign in: ${await answer.text()}`);
  const { accessToken } = await answer.json();
  return async () => {
    const check = await fetch(`${base}/auth/verify-token`, { headers: { authorization: `Bearer ${accessToken}` } });
    return check.status === 200;
  };
}

/** The stack's time goes on. After a minute no limit of a route is in the way. */
export async function later(base, seconds = 61) {
  const headers = { "content-type": "application/json" };
  await fetch(`${base}/_local/clock`, { method: "POST", headers, body: JSON.stringify({ advanceSeconds: seconds }) });
}

/** The newest link to a page in the mails to somebody, read in the mailbox page. */
export async function link(context, base, to, path) {
  const mailbox = await context.newPage();
  const links = mailbox.getByRole("link", { name: `/${path}?token=` });
  for (let tries = 0; tries < 50; tries++) {
    await mailbox.goto(`${base}/_local/mail?to=${encodeURIComponent(to)}`);
    if (await links.count()) {
      const found = await links.first().innerText();
      await mailbox.close();
      return found;
    }
    await mailbox.waitForTimeout(100);
  }
  throw new Error(`${to} got no link to ${path}`);
}
