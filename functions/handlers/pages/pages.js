// What script adds to pages that work without it. Makes no markup from text: the policy forbids it, and nothing needs it.
// @ts-check

const words = document.body.dataset;

for (const input of document.querySelectorAll("input[type=password]")) addShow(/** @type {HTMLInputElement} */ (input));
for (const rules of document.querySelectorAll(".rules")) watchRules(rules);
for (const field of document.querySelectorAll(".wrong")) field.addEventListener("input", () => forgive(field), { once: true });
for (const form of document.querySelectorAll("form")) form.addEventListener("submit", sendOnce);
document.getElementById("errors")?.focus();
tellOffline();
if (!navigator.cookieEnabled) addBar().textContent = words.cookies ?? "";
// A page that the browser took out of its drawer may show somebody who has signed out since.
addEventListener("pageshow", (event) => event.persisted && location.reload());
/** @type {HTMLFormElement | null} */ (document.querySelector("form[data-automatic]"))?.requestSubmit();

/** A button that shows the password, and a word when Caps Lock is on. @param {HTMLInputElement} input */
function addShow(input) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "show" });
  const set = (/** @type {boolean} */ shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = (shown ? words.hide : words.show) ?? "";
    button.setAttribute("aria-pressed", String(shown));
    button.setAttribute("aria-label", (shown ? words.hideLabel : words.showLabel) ?? "");
  };
  set(false);
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => { set(input.type === "password"); input.focus(); });
  input.after(button);
  // Hidden again before it is sent: password managers look for a password field.
  input.form?.addEventListener("submit", () => set(false), { capture: true });

  const caps = Object.assign(document.createElement("p"), { className: "caps" });
  caps.setAttribute("role", "status");
  input.closest(".box")?.after(caps);
  input.addEventListener("keyup", (event) => {
    const on = event.getModifierState?.("CapsLock");
    const text = on ? words.caps ?? "" : "";
    if (caps.textContent !== text) caps.textContent = text;
  });
}

/** What was wrong is being mended: the server says whether it is. @param {Element} field */
function forgive(field) {
  field.classList.remove("wrong");
  field.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
  field.querySelector(".mistake")?.replaceChildren();
}

/** Ticks off the rules that are met. The server has the last word. @param {Element} rules */
function watchRules(rules) {
  const input = /** @type {HTMLInputElement | null} */ (rules.closest(".field")?.querySelector("input"));
  /** @type {Record<string, RegExp>} */
  const has = { upper: /\p{Lu}/u, lower: /\p{Ll}/u, digit: /\p{N}/u, special: /[^\p{L}\p{N}]/u };
  const met = (/** @type {string} */ rule, /** @type {string} */ text) => {
    const [name = "", number] = rule.split("-");
    const long = [...text].length >= Number(number ?? 0);
    if (name === "length") return long;
    if (name === "classes") return long && Object.values(has).every((kind) => kind.test(text));
    return has[name]?.test(text) ?? false;
  };
  input?.addEventListener("input", () => {
    const text = input.value.normalize("NFC");
    for (const item of rules.querySelectorAll("[data-rule]")) {
      item.classList.toggle("met", met(item.getAttribute("data-rule") ?? "", text));
    }
  });
}

/** @param {SubmitEvent} event */
function sendOnce(event) {
  const form = /** @type {HTMLFormElement} */ (event.currentTarget);
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  const button = event.submitter ?? form.querySelector("button[type=submit]");
  button?.setAttribute("aria-busy", "true");
  const forget = () => { delete form.dataset.sent; button?.removeAttribute("aria-busy"); };
  addEventListener("pagehide", forget, { once: true });
  // Stopped by its person, perhaps: nobody tells us.
  setTimeout(forget, 6_000);
  const score = /** @type {HTMLInputElement | null} */ (form.querySelector("[data-score]"));
  if (score && !score.value) addScore(event, form, score);
}

/** reCAPTCHA v3 makes its token when it is asked to. Without one, the server says what is missing. @param {Event} event @param {HTMLFormElement} form @param {HTMLInputElement} field */
async function addScore(event, form, field) {
  const { grecaptcha } = /** @type {any} */ (globalThis);
  if (!grecaptcha) return;
  event.preventDefault();
  try {
    await new Promise((ready) => grecaptcha.ready(ready));
    field.value = await grecaptcha.execute(field.dataset.score, { action: field.dataset.action });
  } finally {
    form.submit();
  }
}

/** A line above everything. */
function addBar() {
  const bar = Object.assign(document.createElement("p"), { className: "offline" });
  bar.setAttribute("role", "status");
  document.body.prepend(bar);
  return bar;
}

/** Says so above everything, for as long as it lasts. */
function tellOffline() {
  const bar = addBar();
  const tell = () => { bar.textContent = navigator.onLine ? "" : words.offline ?? ""; };
  tell();
  addEventListener("online", tell);
  addEventListener("offline", tell);
}
