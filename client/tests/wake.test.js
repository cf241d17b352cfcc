/** Clocks that are wrong, machines that sleep, pages that are hidden, networks that go and come back. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld, KIM } from '../src/testing.js';

const API = 'https://app.example.com/api/orders';
const REFRESH = 'POST /auth/refresh';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** @param {import('../src/testing/browser.js').Abilities} [abilities] */
async function signedIn(abilities) {
  const world = createWorld();
  const browser = world.browser(abilities);
  const tab = browser.tab();
  const client = tab.client();
  await world.clock.until(client.signIn.password(KIM));
  browser.calls.length = 0;
  return { ...world, browser, tab, client };
}

for (const hours of [-48, -5, -1, 1, 5, 48]) {
  test(`a clock that is wrong by ${hours} hours changes nothing`, async () => {
    const { clock, browser, client, server } = await signedIn({ skew: hours * HOUR });
    await clock.advance(2 * HOUR);
    const refreshes = browser.count(REFRESH);
    assert.ok(refreshes >= 11 && refreshes <= 15, `${refreshes} refreshes in two hours`);
    assert.equal((await clock.until(client.fetch(API))).status, 200);
    const second = browser.tab().client();
    assert.equal((await clock.until(second.getSession())).data?.userId, 'user-1');
    assert.equal(client.getSnapshot().status, 'signed-in');
    assert.equal(server.replays, 0);
  });

  test(`a clock that is set by ${hours} hours costs at most one refresh too many`, async () => {
    const { clock, browser, client } = await signedIn();
    await clock.advance(MINUTE);
    browser.skew = hours * HOUR;
    const statuses = [];
    for (let i = 0; i < 16; i++) {
      statuses.push((await clock.until(client.fetch(API))).status);
      await clock.advance(MINUTE);
    }
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.ok(!browser.calls.some(({ status }) => status === 401), 'no request went out with a token that was over');
    assert.ok(browser.count(REFRESH) <= 3, `${browser.count(REFRESH)} refreshes`);
    const second = browser.tab().client();
    assert.equal((await clock.until(second.getSession())).data?.userId, 'user-1');
    assert.equal(client.getSnapshot().status, 'signed-in');
  });
}

test('a clock that was set back makes what tabs have written down worthless, and that is noticed', async () => {
  const { clock, browser, tab } = await signedIn();
  tab.close();
  await browser.sleep(20 * MINUTE);
  browser.skew = -HOUR;
  const later = browser.tab().client();
  assert.equal((await clock.until(later.getSession())).data?.userId, 'user-1');
  assert.deepEqual(browser.calls.map(({ route, status }) => `${route} ${status}`), ['GET /auth/csrf 200', `${REFRESH} 200`]);
});

test('after hours of sleep the first request refreshes before it is sent', async () => {
  const { clock, browser, client } = await signedIn();
  await browser.sleep(3 * HOUR);
  browser.calls.length = 0;
  assert.equal((await clock.until(client.fetch(API))).status, 200);
  assert.deepEqual(browser.calls.map(({ route }) => route), [REFRESH, 'GET /api/orders']);
});

test('a hidden page does not refresh by itself; it does when it is seen again', async () => {
  const { clock, browser, tab, client } = await signedIn();
  tab.hide();
  await clock.advance(5 * HOUR);
  assert.equal(browser.count(REFRESH), 0);
  tab.show();
  await clock.advance(1_000);
  assert.equal(browser.count(REFRESH), 1);
  assert.equal(client.getSnapshot().status, 'signed-in');
  for (let i = 0; i < 50; i++) tab.show();
  await clock.advance(1_000);
  assert.equal(browser.count(REFRESH), 1, 'looking often costs nothing');
});

test('when refreshing is due a request is not made to wait for it', async () => {
  const { clock, browser, tab, client } = await signedIn();
  tab.hide();
  await clock.advance(12 * MINUTE);
  browser.fault({ route: REFRESH, after: 4_000 });
  const from = clock.now();
  assert.equal((await clock.until(client.fetch(API))).status, 200);
  assert.ok(clock.now() - from < 100);
  await clock.advance(5_000);
  assert.equal(browser.count(REFRESH), 1);
});

test('a hidden page whose API is called refreshes all the same', async () => {
  const { clock, browser, tab, client } = await signedIn();
  tab.hide();
  await clock.advance(HOUR);
  assert.equal((await clock.until(client.fetch(API))).status, 200);
  assert.equal(browser.count(REFRESH), 1);
});

test('offline for an hour and back: degraded, then signed in, without being asked', async () => {
  const { clock, browser, client, server } = await signedIn();
  /** @type {string[]} */
  const events = [];
  client.onAuthStateChange((event) => events.push(event));
  browser.setOnline(false);
  await clock.advance(HOUR);
  assert.equal(client.getSnapshot().status, 'degraded');
  assert.equal(client.getSnapshot().error?.code, 'offline');
  await assert.rejects(clock.until(client.fetch(API)), { name: 'PosternError', code: 'offline', retryable: true });
  browser.setOnline(true);
  await clock.advance(1_000);
  assert.equal(client.getSnapshot().status, 'signed-in');
  assert.equal(browser.count(REFRESH), 1);
  assert.deepEqual(events, ['initial', 'refresh-failed', 'token-refreshed']);
  assert.equal(server.replays, 0);
});

test('offline in the middle of a refresh, back within seconds: the same successor', async () => {
  const { clock, browser, client, server } = await signedIn();
  await browser.sleep(20 * MINUTE);
  const asked = client.fetch(API);
  await clock.advance(30);
  assert.equal(browser.count(REFRESH), 1, 'it has arrived');
  browser.setOnline(false);
  await assert.rejects(clock.until(asked));
  await clock.advance(8_000);
  browser.setOnline(true);
  await clock.advance(2_000);
  assert.equal(client.getSnapshot().status, 'signed-in');
  assert.equal(browser.count(REFRESH), 2);
  assert.equal(server.replays, 0);
});

test('a page that starts offline says that it does not know, and finds out when it can', async () => {
  const world = createWorld();
  const browser = world.browser();
  browser.signIn(KIM.email);
  browser.setOnline(false);
  const client = browser.tab().client();
  const first = await world.clock.until(client.getSession());
  assert.equal(first.error?.code, 'offline');
  assert.equal(client.getSnapshot().status, 'loading');
  browser.setOnline(true);
  await world.clock.advance(1_000);
  assert.equal(client.getSnapshot().status, 'signed-in');
  assert.equal((await client.getSession()).data?.userId, 'user-1');
});

test('a page that starts while the server is down does not take anybody for signed out', async () => {
  const world = createWorld();
  const browser = world.browser();
  browser.signIn(KIM.email);
  browser.fault({ route: 'GET /auth/csrf', times: 5, answer: { status: 503, code: 'unavailable', headers: { 'retry-after': '2' } } });
  const client = browser.tab().client();
  const first = await world.clock.until(client.getSession());
  assert.equal(first.error?.code, 'unavailable');
  assert.equal(client.getSnapshot().status, 'loading');
  await world.clock.advance(MINUTE);
  assert.equal(client.getSnapshot().status, 'signed-in');
});

test('a page from the back/forward cache shows at once that somebody has signed out meanwhile', async () => {
  const { clock, browser, tab, client } = await signedIn();
  tab.freeze();
  const other = browser.tab().client();
  await clock.until(other.getSession());
  await clock.until(other.signOut());
  await clock.advance(MINUTE);
  assert.equal(client.getSnapshot().status, 'signed-in', 'frozen pages hear nothing');
  tab.restore();
  assert.equal(client.getSnapshot().status, 'signed-out', 'before anything is painted');
  await clock.advance(1_000);
  assert.equal(client.getSnapshot().status, 'signed-out');
});

test('a page from the back/forward cache asks the server, too: the sign-out may have been elsewhere', async () => {
  const { clock, server, tab, client } = await signedIn();
  tab.freeze();
  server.endSession(client.getSnapshot().session?.id ?? '');
  await clock.advance(MINUTE);
  tab.restore();
  await clock.advance(1_000);
  assert.equal(client.getSnapshot().status, 'signed-out');
  assert.equal(client.getSnapshot().error?.code, 'session_revoked');
});

test('a page from the back/forward cache shows the person who has signed in meanwhile, never the one before', async () => {
  const { clock, server, browser, tab, client } = await signedIn();
  server.addUser({ email: 'lou@example.org', password: 'eight quiet anchors', name: 'Lou' });
  tab.freeze();
  const other = browser.tab().client();
  await clock.until(other.getSession());
  await clock.until(other.signIn.password({ email: 'lou@example.org', password: 'eight quiet anchors' }));
  await clock.advance(MINUTE);
  tab.restore();
  assert.equal(client.getSnapshot().session, null);
  await clock.advance(1_000);
  assert.equal(client.getSnapshot().session?.userId, other.getSnapshot().session?.userId);
  assert.equal((await clock.until(client.me())).data?.name, 'Lou');
});

test('a page that was frozen in the middle of its refresh goes on', async () => {
  const { clock, browser, tab, client, server } = await signedIn();
  await browser.sleep(20 * MINUTE);
  const refreshed = client.refresh();
  await clock.advance(30);
  tab.freeze();
  await clock.advance(5_000);
  tab.restore();
  assert.equal((await clock.until(refreshed)).error, null);
  assert.equal(server.replays, 0);
  assert.equal((await clock.until(client.fetch(API))).status, 200);
});
