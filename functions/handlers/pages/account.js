// What script adds to the account: the SDK keeps its session, tells other tabs of a sign-out, and ends other devices at once.
// @ts-check

const words = document.body.dataset;
const language = document.documentElement.lang;
/** What to add to this machine's clock to get the server's: clocks are wrong by hours. */
const ahead = new Date(words.now ?? "").getTime() - Date.now();
const live = /** @type {HTMLElement} */ (document.querySelector(".live"));

showTimes();
setInterval(showTimes, 30_000);
/** The same as everybody's, from client/. @type {typeof import("../../../client/src/index.js")} */
const { createClient } = await import(words.sdk ?? "");
const auth = createClient({ baseUrl: location.origin, initialSession: JSON.parse(words.session ?? "null") });
auth.onAuthStateChange(follow);
for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-end]"))) on(form, end);
for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form.leave"))) on(form, leave);
// Tests wait for it.
words.ready = "yes";

/** Instead of sending it. @param {HTMLFormElement} form @param {(form: HTMLFormElement) => void} run */
function on(form, run) {
  const submit = (/** @type {Event} */ event) => { event.preventDefault(); event.stopImmediatePropagation(); run(form); };
  form.addEventListener("submit", submit, { capture: true });
}

/** Goes where the session went, whichever tab it was in. @param {string} event */
function follow(event) {
  if (event === "signed-out") location.assign("/signed-out");
  else if (event === "session-expired") location.assign(`/login?returnTo=${encodeURIComponent(location.pathname)}`);
  else if (event === "signed-in") location.reload();
}

/** Takes devices away at once, and brings them back if they could not be signed out. @param {HTMLFormElement} form */
async function end(form) {
  const which = form.dataset.end ?? "";
  const isAll = which === "others";
  const one = form.closest("li");
  const gone = /** @type {HTMLElement[]} */ (isAll
    ? [...document.querySelectorAll("li:has(form[data-end]), details.more")]
    : one ? [one] : []);
  for (const element of gone) element.hidden = true;
  live.textContent = "";
  /** @type {HTMLElement | null} */ (document.getElementById("devices"))?.focus({ preventScroll: true });
  const { error } = await (isAll ? auth.sessions.revokeOthers() : auth.sessions.revoke(which));
  // Ended meanwhile: that is what was asked for.
  const isDone = !error || error.code === "not_found";
  live.classList.toggle("failed", !isDone);
  live.textContent = (isDone ? (isAll ? words.allEnded : words.ended) : words.notEnded) ?? "";
  for (const element of gone) isDone ? element.remove() : (element.hidden = false);
  countFolded();
  if (!isDone) form.querySelector("button")?.focus();
  else if (!document.querySelector("form[data-end]:not([data-end=others])")) document.querySelector("details.end")?.remove();
}

/** How many devices are folded away, now that one has gone. */
function countFolded() {
  const folded = document.querySelector("details.more:not(.end)");
  const left = folded?.querySelectorAll("li").length;
  const summary = folded?.querySelector("summary");
  if (left === 0) folded?.remove();
  else if (summary) summary.textContent = (words.more ?? "").replace("{}", String(left));
}

/** Tells the other tabs, too. @param {HTMLFormElement} form */
async function leave(form) {
  form.querySelector("button")?.setAttribute("aria-busy", "true");
  const { error } = await auth.signOut();
  if (error) form.submit();
}

/** How long ago, in the reader's language; the exact time on pointing at it. */
function showTimes() {
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime).getTime();
    if (Number.isNaN(at)) continue;
    time.title = new Date(at).toLocaleString(language, { dateStyle: "full", timeStyle: "short" });
    time.textContent = ago(relative, Math.max(0, (Date.now() + ahead - at) / 1000));
  }
}

/** @param {Intl.RelativeTimeFormat} relative @param {number} seconds */
function ago(relative, seconds) {
  if (seconds < 60) return relative.format(0, "second");
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86_400) return relative.format(-Math.floor(seconds / 3600), "hour");
  return relative.format(-Math.floor(seconds / 86_400), "day");
}
