/**
 * The SDK in a real browser against a running `cargo dev`, across origins: `npm run browser:stack -- http://localhost:4000`. It
 * moves that stack's clock. What the fake server of the tests claims of the real one is held here.
 */

import assert from 'node:assert/strict';
import { KIM } from '../src/testing.js';
import { startSite } from './site.js';

const launcher = new URL('../../infra/tests/clients/browser/browser.mjs', import.meta.url).href;
const { launch, close } = await import(launcher);

const [stack = 'http://localhost:4000'] = process.argv.slice(2);
const ADA = { email: 'ada@example.com', password: 'a small door in a large wall' };
// 5173 is among the origins from which the stack lets browsers call.
const site = await startSite(KIM, { port: 5173, baseUrl: stack });
const context = await launch();
/** @type {string[]} */
const calls = [];

/** @param {number} seconds */
async function advance(seconds) {
  const body = JSON.stringify({ advanceSeconds: seconds });
  const answer = await fetch(`${stack}/_local/clock`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  assert.equal(answer.status, 200);
  calls.length = 0;
}

try {
  const page = await context.newPage();
  page.on('response', (/** @type {any} */ response) => {
    if (response.url().startsWith(stack)) {
      calls.push(`${response.request().method()} ${response.url().slice(stack.length)} ${response.status()}`);
    }
  });
  await page.goto(site.origin);
  /** @param {string} code */
  const within = (code) => page.evaluate(`(async () => { const { data, error } = await ${code}; return [data, error?.code]; })()`);
  const status = () => page.evaluate('auth.getSnapshot().status');

  assert.deepEqual(await within('auth.getSession()'), [null, undefined]);
  assert.deepEqual(calls, ['GET /auth/csrf 401']);
  assert.deepEqual(await within(`auth.signIn.password({ ...${JSON.stringify(ADA)}, password: 'wrong' })`), [null, 'invalid_credentials']);
  const [step] = await within(`auth.signIn.password(${JSON.stringify(ADA)})`);
  assert.deepEqual(Object.keys(step.session).sort(), ['amr', 'authTime', 'expiresAt', 'id', 'organizationId', 'roles', 'userId']);
  console.log('ok: a visitor signs in');

  await advance(1_000);
  assert.equal((await within('auth.me()'))[0].email, ADA.email);
  assert.deepEqual(calls, ['GET /user/me 401', 'POST /auth/refresh 200', 'GET /user/me 200']);
  const before = await page.evaluate('auth.getSnapshot()');
  await within('auth.getSession({ fresh: true })');
  assert.deepEqual(await page.evaluate('auth.getSnapshot()'), before);
  console.log('ok: a token that is over is refreshed, and a look changes nothing');

  await advance(3 * 86_400);
  assert.equal((await within('auth.refresh()'))[1], undefined);
  // A 403 that was answered from the middle of a refresh is repeated with a new token.
  assert.deepEqual(calls.filter((call) => !call.endsWith(' 403')).slice(-2), ['GET /auth/csrf 200', 'POST /auth/refresh 200']);
  console.log('ok: a CSRF token of three days ago is replaced');

  assert.equal((await within('auth.signOut()'))[1], undefined);
  await page.reload();
  assert.deepEqual(await within('auth.getSession()'), [null, undefined]);
  assert.equal(await status(), 'signed-out');
  console.log('ok: signed out, also after a reload');
} finally {
  await close(context);
  site.close();
}
