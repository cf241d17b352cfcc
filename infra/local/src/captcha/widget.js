// The CAPTCHA widget of a laptop. Whoever ticks the box is a person. The page's own gateway hands out the token.

const FIELDS = { "cf-turnstile": "cf-turnstile-response", "h-captcha": "h-captcha-response" };

for (const [kind, field] of Object.entries(FIELDS)) {
  for (const place of document.getElementsByClassName(kind)) addBox(place, field);
}

globalThis.grecaptcha = {
  ready: (run) => run(),
  execute: (_, { action }) => solve(action),
};

function addBox(place, name) {
  const label = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox" });
  const token = Object.assign(document.createElement("input"), { type: "hidden", name });
  label.append(box, " I am a person (local CAPTCHA)");
  place.append(label, token);
  box.addEventListener("change", async () => (token.value = box.checked ? await solve(place.dataset.action) : ""));
}

async function solve(action) {
  const answer = await fetch("/_local/captcha/tokens", { method: "POST", body: JSON.stringify({ action }) });
  return (await answer.json()).token;
}
