/**
 * The page. What concerns Postern: one client, its state decides what is shown; `auth.fetch` for the app's own API; and the three
 * links that mails lead to.
 */

import { createClient, unwrap } from '/sdk/index.js';

const auth = createClient({ baseUrl: /** @type {HTMLMetaElement} */ (document.querySelector('meta[name=postern]')).content });

/** @param {string} id */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} text */
const say = (text) => void (at('message').textContent = text);

/** What Postern refuses, in this app's words; for the rest its own. @type {Record<string, string>} */
const WORDS = {
  invalid_credentials: 'E-mail address or password is wrong.',
  email_not_verified: 'Open the link in the mail that we sent you first.',
  token_used: 'This link has been used before.',
  network: 'We cannot be reached. Try again in a moment.',
};

/** Runs what a form or button asks for, and says what came of it. @param {() => Promise<string | void>} action */
async function run(action) {
  try {
    say((await action()) ?? '');
  } catch (error) {
    const { code, message, errors } = /** @type {import('postern').PosternError} */ (error);
    say(errors?.length ? errors.map((field) => field.message).join('; ') : (WORDS[code] ?? message));
  }
}

/** @param {string} id @param {(fields: Record<string, string>) => Promise<string | void>} action */
function onSubmit(id, action) {
  const form = /** @type {HTMLFormElement} */ (at(id));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void run(async () => {
      const said = await action(/** @type {any} */ (Object.fromEntries(new FormData(form))));
      form.reset();
      return said;
    });
  });
}

onSubmit('sign-in', async ({ email = '', password = '' }) => {
  await unwrap(auth.signIn.password({ email, password }));
});
onSubmit('sign-up', async ({ email = '', password = '', name = '' }) => {
  await unwrap(auth.signUp({ email, password, name }));
  return 'Look into your mailbox: we sent you a link.';
});
onSubmit('add', async ({ text }) => showNotes(await api('POST', { text })));
at('sign-out').addEventListener('click', () => void run(async () => void (await unwrap(auth.signOut()))));
at('forgot').addEventListener('click', () => {
  const { value } = /** @type {HTMLInputElement} */ (document.querySelector('#sign-in [name=email]'));
  void run(async () => {
    await unwrap(auth.password.forgot(value));
    return 'If this address has an account, a mail with a link is on its way.';
  });
});

/** The app's own API. Cookies come along, and a token that is over is refreshed first. @param {string} method @param {unknown} [body] */
async function api(method, body) {
  const headers = { 'content-type': 'application/json' };
  const response = await auth.fetch('/api/notes', { method, headers, body: body ? JSON.stringify(body) : undefined });
  if (!response.ok) throw new Error(`The notes cannot be read now (${response.status}).`);
  return response.json();
}

/** @param {{notes: string[]}} answer */
function showNotes({ notes }) {
  at('notes').replaceChildren(...notes.map((text) => Object.assign(document.createElement('li'), { textContent: text })));
}

/** Whose page this is; notes and name are fetched when it becomes another's. */
let shown = '';

function show() {
  const { status, session } = auth.getSnapshot();
  at('signed-out').hidden = status !== 'signed-out';
  at('signed-in').hidden = !session;
  const user = session?.userId ?? '';
  if (user === shown) return;
  shown = user;
  at('who').textContent = '';
  at('notes').replaceChildren();
  if (user) {
    void run(async () => {
      const me = await unwrap(auth.me());
      at('who').textContent = me.name;
      showNotes(await api('GET'));
    });
  }
}

/** The links in mails lead here, to paths below `AppUrl`. Each token is good for one click, so it leaves the address at once. */
function followLink() {
  const { pathname, searchParams } = new URL(location.href);
  const token = searchParams.get('token');
  if (!token) return;
  history.replaceState(null, '', '/');
  if (pathname === '/verify-email') {
    void run(async () => {
      await unwrap(auth.email.verify(token));
      return 'Your e-mail address is verified. Sign in.';
    });
  } else if (pathname === '/unlock') {
    void run(async () => {
      await unwrap(auth.unlock(token));
      return 'Your account is unlocked. Sign in.';
    });
  } else if (pathname === '/reset-password') {
    at('reset').hidden = false;
    onSubmit('reset', async ({ password = '' }) => {
      await unwrap(auth.password.reset({ token, password }));
      at('reset').hidden = true;
      return 'Your password is changed. Sign in.';
    });
  }
}

auth.subscribe(show);
show();
followLink();
