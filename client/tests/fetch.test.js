/** `fetch` for the app's own APIs: 401s, CSRF, limits of time and of origin. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestClient, KIM } from '../src/testing.js';

const API = 'https://app.example.com/api/orders';
const REFRESH = 'POST /auth/refresh';
const MINUTE = 60_000;

/** @param {Parameters<typeof createTestClient>[0]} [options] */
async function signedIn(options) {
  const world = createTestClient({ signedIn: true, ...options });
  await world.clock.until(world.client.getSession());
  world.browser.calls.length = 0;
  return world;
}

const refusal = (/** @type {string} */ code, status = 401, /** @type {Record<string, string>} */ headers = {}) =>
  new Response(JSON.stringify({ code }), { status, headers: { 'content-type': 'application/problem+json', ...headers } });

test('a 401 is refreshed once and repeated, for all requests that meet it together', async () => {
  const { clock, browser, client } = await signedIn();
  let isFresh = false;
  browser.api = () => (isFresh ? new Response('ok') : new Response('', { status: 401 }));
  browser.fault({ route: REFRESH, after: 500 });
  clock.setTimeout(() => void (isFresh = true), 300);
  const answers = await clock.until(Promise.all(Array.from({ length: 20 }, () => client.fetch(API))));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(browser.count(REFRESH), 1);
  assert.equal(browser.count('GET /api/orders'), 40);
});

test('an API that always answers 401 gets two refreshes; the person stays signed in and the state says why', async () => {
  const { clock, browser, client } = await signedIn();
  /** @type {string[]} */
  const events = [];
  client.onAuthStateChange((event) => events.push(event));
  browser.api = () => refusal('token_invalid');
  const answer = await clock.until(client.fetch(API));
  assert.equal(answer.status, 401);
  assert.equal((await answer.json()).code, 'token_invalid', 'its body can still be read');
  assert.equal(browser.count(REFRESH), 2);
  assert.equal(browser.count('GET /api/orders'), 3);
  const { status, error } = client.getSnapshot();
  assert.deepEqual([status, error?.code], ['signed-in', 'unauthorized_loop']);
  assert.ok(events.includes('unauthorized-loop'));
});

test('a page that polls such an API, in six tabs with five requests each second, does not refresh in circles', async () => {
  const { clock, browser, client } = await signedIn();
  const clients = [client];
  for (let i = 0; i < 5; i++) {
    const other = browser.tab().client();
    await clock.until(other.getSession());
    clients.push(other);
  }
  browser.api = () => refusal('token_invalid');
  for (let second = 0; second < 15; second++) {
    const asked = clients.flatMap((one) => Array.from({ length: 5 }, () => one.fetch(API)));
    await clock.until(Promise.all(asked));
    await clock.advance(1_000);
  }
  assert.ok(browser.count(REFRESH) <= 12, `${browser.count(REFRESH)} refreshes for 450 requests`);
  const before = browser.count(REFRESH);
  for (let second = 0; second < 15; second++) {
    await clock.until(Promise.all(clients.map((one) => one.fetch(API))));
    await clock.advance(1_000);
  }
  assert.equal(browser.count(REFRESH), before);
  // Somebody else's API is not made to pay for it.
  browser.api = null;
  assert.equal((await clock.until(client.fetch(API))).status, 200);
});

test('a 401 that a fresh token would not change starts no refresh', async () => {
  for (const answer of [
    () => refusal('step_up_required'),
    () => refusal('invalid_credentials'),
    () => refusal('x', 401, { 'www-authenticate': 'Bearer error="insufficient_user_authentication", max_age="300"' }),
  ]) {
    const { clock, browser, client } = await signedIn();
    browser.api = answer;
    assert.equal((await clock.until(client.fetch(API))).status, 401);
    assert.equal(browser.count(REFRESH), 0);
  }
});

test('a 401 of a session that was ended elsewhere ends it here', async () => {
  const { clock, server, client } = await signedIn();
  server.endSession(client.getSnapshot().session?.id ?? '');
  const answer = await clock.until(client.fetch(API));
  assert.equal(answer.status, 401);
  assert.deepEqual([client.getSnapshot().status, client.getSnapshot().error?.code], ['signed-out', 'session_revoked']);
});

test('who is signed out sends requests as they are', async () => {
  const { clock, browser, client } = createTestClient();
  const answer = await clock.until(client.fetch(API));
  assert.equal(answer.status, 401);
  assert.equal(browser.count(REFRESH), 0);
});

test('a body is sent again after the refresh', async () => {
  const { clock, browser, client } = await signedIn();
  /** @type {string[]} */
  const bodies = [];
  browser.api = (request) => {
    void request.text().then((text) => bodies.push(text));
    return new Response('', { status: bodies.length ? 200 : 401 });
  };
  const answer = await clock.until(client.fetch(API, { method: 'POST', body: JSON.stringify({ pens: 3 }) }));
  assert.equal(answer.status, 200);
  assert.deepEqual(bodies, ['{"pens":3}', '{"pens":3}']);
});

test('requests get ten seconds, or what they ask for; an answer that has begun is not cut off', async () => {
  const { clock, browser, client } = await signedIn();
  browser.fault({ route: 'GET /api/orders', times: 2, isLost: true });
  let from = clock.now();
  await assert.rejects(clock.until(client.fetch(API)), { name: 'PosternError', code: 'timeout', retryable: true });
  assert.equal(clock.now() - from, 10_000);
  from = clock.now();
  await assert.rejects(clock.until(client.fetch(API, { timeoutMs: 2_000 })), { code: 'timeout' });
  assert.equal(clock.now() - from, 2_000);
  browser.fault({ route: 'GET /api/orders', after: 60_000 });
  assert.equal((await clock.until(client.fetch(API, { timeoutMs: 0 }))).status, 200);
  assert.equal(browser.count(REFRESH), 0);
  assert.equal(client.getSnapshot().status, 'signed-in');
});

test('a caller can give up at any time, also while a refresh is waited for', async () => {
  const { clock, browser, client } = await signedIn();
  await browser.sleep(20 * MINUTE);
  browser.fault({ route: REFRESH, after: 4_000 });
  const controller = new AbortController();
  const asked = client.fetch(API, { signal: controller.signal });
  const other = client.fetch(API);
  clock.setTimeout(() => controller.abort(), 1_000);
  const from = clock.now();
  await assert.rejects(clock.until(asked), { code: 'aborted' });
  assert.equal(clock.now() - from, 1_000);
  assert.equal((await clock.until(other)).status, 200, 'which does not take the refresh from the others');
  await assert.rejects(clock.until(client.fetch(API, { signal: AbortSignal.abort() })), { code: 'aborted' });
});

test('a foreign origin is refused before anything is sent', async () => {
  const { clock, browser, client } = await signedIn({ client: { apiOrigins: ['https://api.example.com'] } });
  await assert.rejects(client.fetch('https://api.example.org/'), TypeError);
  await assert.rejects(client.fetch('https://api.example.com.evil.example/'), TypeError);
  await assert.rejects(client.fetch('http://app.example.com/api'), TypeError);
  await assert.rejects(client.fetch('//evil.example/'), TypeError);
  assert.deepEqual(browser.calls, []);
  assert.equal((await clock.until(client.fetch('https://api.example.com/x'))).status, 200);
  assert.equal((await clock.until(client.fetch('/api/relative'))).status, 200);
});

test('the CSRF token goes to Postern, with changes, and nowhere else', async () => {
  const { clock, browser, client } = await signedIn();
  /** @type {(string | null)[]} */
  const seen = [];
  browser.api = (request) => {
    seen.push(request.headers.get('x-csrf-token'));
    return new Response('');
  };
  await clock.until(client.fetch(API, { method: 'POST' }));
  assert.deepEqual(seen, [null]);
  const answer = await clock.until(client.fetch('https://auth.example.com/user/sessions', { method: 'DELETE' }));
  assert.equal(answer.status, 200);
});

test('a CSRF token that is too old is fetched anew, once, and the call repeated', async () => {
  const { clock, browser, client } = await signedIn({ client: { autoRefresh: false } });
  await clock.advance(3 * 24 * 60 * MINUTE);
  assert.equal((await clock.until(client.refresh())).error, null);
  assert.deepEqual(browser.calls.map(({ route, status }) => `${route} ${status}`), [
    `${REFRESH} 403`, 'GET /auth/csrf 200', `${REFRESH} 200`,
  ]);
  assert.equal((await clock.until(client.sessions.revokeOthers())).error, null);
});

test('csrf_invalid twice is an error, not a circle, and not a sign-out', async () => {
  const { clock, browser, client } = await signedIn();
  browser.fault({ route: 'DELETE /user/sessions', times: 9, answer: { status: 403, code: 'csrf_invalid' } });
  assert.equal((await clock.until(client.sessions.revokeOthers())).error?.code, 'csrf_invalid');
  assert.equal(browser.count('DELETE /user/sessions'), 2);
  browser.fault({ route: 'POST /auth/logout', times: 9, answer: { status: 403, code: 'csrf_invalid' } });
  assert.equal((await clock.until(client.signOut())).error?.code, 'csrf_invalid');
  assert.equal(browser.count('POST /auth/logout'), 2);
  assert.equal(client.getSnapshot().status, 'signed-in');
});

test('every 403 clears the CSRF token, only csrf_invalid repeats the call', async () => {
  const { clock, browser, client } = await signedIn();
  browser.fault({ route: 'DELETE /user/sessions', answer: { status: 403, code: 'forbidden' } });
  assert.equal((await clock.until(client.sessions.revokeOthers())).error?.code, 'forbidden');
  assert.deepEqual(browser.calls.map(({ route }) => route), ['DELETE /user/sessions']);
  await clock.until(client.sessions.revokeOthers());
  assert.equal(browser.count('GET /auth/csrf'), 1);
});

test('many changes at once fetch one CSRF token', async () => {
  const { clock, server, browser, client } = createTestClient();
  await clock.until(client.signIn.password(KIM));
  for (let i = 0; i < 3; i++) server.startSession(KIM.email);
  await clock.until(Promise.all(server.liveSessions().slice(1).map((id) => client.sessions.revoke(id))));
  assert.equal(browser.count('GET /auth/csrf'), 2, 'one as a visitor, one for the session');
});

test('cookies that vanish are noticed by the next change', async () => {
  const { clock, browser, client } = await signedIn();
  await clock.until(client.signOut({ scope: 'others' }));
  browser.jar.clear();
  await clock.until(client.sessions.revokeOthers());
  assert.equal(client.getSnapshot().status, 'signed-out');
  assert.equal(client.getSnapshot().error?.code, 'session_missing');
});
