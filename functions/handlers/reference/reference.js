// Lets one try an operation from its place in the reference, as the page's own visitor: with this browser's cookies, or with an
// access token that one pastes. Answers are shown as text and never as markup.

/** @param {string} name @param {Record<string, string>} [attributes] @param {(string | Node)[]} children */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** @param {HTMLElement} article */
function offer(article) {
  const { method, path } = article.dataset;
  const form = element('form');
  for (const [, name] of path.matchAll(/\{(\w+)\}/g)) {
    form.append(element('label', {}, name, element('input', { name, required: '', autocomplete: 'off' })));
  }
  const example = article.querySelector('.example');
  if (example) {
    const body = element('textarea', { name: 'body:', spellcheck: 'false', autocomplete: 'off' }, example.textContent);
    form.append(element('label', {}, 'Body', body));
  }
  form.append(element('label', {}, 'Access token, instead of cookies', element('input', { name: 'token:', autocomplete: 'off', spellcheck: 'false' })));
  form.append(element('button', {}, 'Send'));
  const output = element('output', { 'aria-label': 'Answer' });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send(method, path, new FormData(form)).catch(String).then((text) => output.replaceChildren(element('pre', { tabindex: '0' }, text)));
  });
  form.append(output);
  article.append(element('details', {}, element('summary', {}, 'Try it'), form));
}

/** @param {string} method @param {string} path @param {FormData} values */
async function send(method, path, values) {
  const url = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(values.get(name))));
  const headers = new Headers();
  const body = String(values.get('body:') ?? '').trim();
  const token = String(values.get('token:') ?? '').trim();
  if (body) headers.set('content-type', 'application/json');
  if (token) headers.set('authorization', `Bearer ${token}`);
  if (!token && method !== 'GET' && method !== 'HEAD') {
    const answer = await fetch('/auth/csrf');
    if (answer.ok) headers.set('x-csrf-token', (await answer.json()).csrfToken);
  }
  const response = await fetch(url, { method, headers, body: body || undefined, credentials: token ? 'omit' : 'same-origin' });
  const lines = [`${response.status} ${response.statusText}`, ...[...response.headers].map(([name, value]) => `${name}: ${value}`), ''];
  return lines.join('\n') + readable(await response.text());
}

/** @param {string} text */
function readable(text) {
  try {
    return `\n${JSON.stringify(JSON.parse(text), null, 2)}`;
  } catch {
    return text && `\n${text}`;
  }
}

for (const article of document.querySelectorAll('article[data-path]')) offer(article);
