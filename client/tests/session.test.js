/** Signing in and out, in one tab and in many, and who is told. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld, createTestClient, KIM } from '../src/testing.js';

const LOU = { email: 'lou@example.org', password: 'eight quiet anchors', name: 'Lou' };
const REFRESH = 'POST /auth/refresh';
const MINUTE = 60_000;

/** @param {import('../src/index.js').Client} client */
function eventsOf(client) {
  /** @type {[string, string | null][]} */
  const events = [];
  client.onAuthStateChange((event, session) => events.push([event, session?.userId ?? null]));
  return events;
}

test('a visitor costs one call per page, and knows to be signed out', async () => {
  const { clock, browser, client } = createTestClient();
  const events = eventsOf(client);
  assert.equal(client.getSnapshot().status, 'loading');
  const found = await clock.until(Promise.all([client.getSession(), client.getSession(), client.getSession()]));
  assert.deepEqual(found.map(({ data, error }) => [data, error]), Array(3).fill([null, null]));
  assert.deepEqual(browser.calls.map(({ route }) => route), ['GET /auth/csrf']);
  assert.deepEqual(events, [['initial', null]]);
  assert.equal(client.getSnapshot().error, null);
});

test('a client that nobody asks does nothing', async () => {
  const { clock, browser } = createTestClient({ signedIn: true });
  await clock.advance(60 * MINUTE);
  assert.deepEqual(browser.calls, []);
});

test('signing in tells the state, the listeners and the other tabs', async () => {
  const { clock, browser, client } = createTestClient();
  const other = browser.tab().client();
  const [events, others] = [eventsOf(client), eventsOf(other)];
  await clock.until(Promise.all([client.getSession(), other.getSession()]));
  const { data } = await clock.until(client.signIn.password(KIM));
  await clock.advance(10);
  assert.equal(data?.status, 'complete');
  for (const one of [client, other]) {
    assert.equal(one.getSnapshot().status, 'signed-in');
    assert.equal(one.getSnapshot().session?.userId, 'user-1');
  }
  assert.deepEqual(events, [['initial', null], ['signed-in', 'user-1']]);
  assert.deepEqual(others, events);
});

test('a page load while signed in costs one call when a tab has left its mark, two refresh calls otherwise', async () => {
  const { clock, browser, client } = createTestClient({ signedIn: true });
  await clock.until(client.getSession());
  assert.deepEqual(browser.calls.map(({ route }) => route), ['GET /auth/csrf', REFRESH]);
  browser.calls.length = 0;
  const { data } = await clock.until(browser.tab().client().getSession());
  assert.equal(data?.userId, 'user-1');
  assert.deepEqual(browser.calls.map(({ route }) => route), ['GET /auth/verify-token']);
});

test('what tabs leave in storage names nobody and holds no token', async () => {
  const { clock, browser, client } = createTestClient();
  await clock.until(client.signIn.password(KIM));
  await clock.until(client.refresh());
  const stored = [...browser.stored.values()].join();
  for (const secret of [...[...browser.jar.values()].map(({ value }) => value), 'csrf.', 'user-1', KIM.email, 'owner']) {
    assert.ok(!stored.includes(secret), `${secret} in ${stored}`);
  }
});

test('a wrong password changes nothing and says what the server said', async () => {
  const { clock, client } = createTestClient();
  for (let i = 1; i <= 5; i++) {
    const { error } = await clock.until(client.signIn.password({ ...KIM, password: 'wrong' }));
    assert.deepEqual([error?.code, error?.status, error?.captchaRequired], ['invalid_credentials', 401, i >= 3]);
  }
  const { error } = await clock.until(client.signIn.password(KIM));
  assert.deepEqual([error?.code, error?.status, error?.retryAfter], ['account_locked', 423, 900]);
  assert.equal(client.getSnapshot().status, 'signed-out');
});

test('a second factor is the next step, not a session', async () => {
  const { clock, browser, client } = createTestClient();
  const body = JSON.stringify({ status: 'mfa_required', mfaToken: 'm1', methods: ['totp'] });
  browser.fault({ route: 'POST /auth/login', answer: { status: 200, body } });
  const { data } = await clock.until(client.signIn.password(KIM));
  assert.deepEqual(data, { status: 'mfa_required', mfaToken: 'm1', methods: ['totp'] });
  assert.equal(client.getSnapshot().status, 'signed-out');
});

test('a browser that does not keep the cookies is told apart from everything else', async () => {
  const { clock, browser, client } = createTestClient();
  browser.keepsCookies = false;
  const { error } = await clock.until(client.signIn.password(KIM));
  assert.equal(error?.code, 'cookies_blocked');
  assert.equal(client.getSnapshot().status, 'signed-out');
});

test('signing out takes all tabs along and leaves nothing to refresh', async () => {
  const { clock, server, browser, client } = createTestClient();
  const other = browser.tab().client();
  await clock.until(client.signIn.password(KIM));
  const others = eventsOf(other);
  await clock.until(other.getSession());
  assert.equal((await clock.until(client.signOut())).error, null);
  await clock.advance(10);
  assert.deepEqual([client, other].map((one) => one.getSnapshot().status), ['signed-out', 'signed-out']);
  assert.deepEqual(others.at(-1), ['signed-out', null]);
  assert.deepEqual(server.liveSessions(), []);
  browser.calls.length = 0;
  await clock.advance(24 * 60 * MINUTE);
  assert.deepEqual(browser.calls, []);
});

test('a sign-out that does not get through is an error, and the person is still signed in', async () => {
  const { clock, server, browser, client } = createTestClient({ signedIn: true });
  await clock.until(client.getSession());
  browser.setOnline(false);
  const { error } = await clock.until(client.signOut());
  assert.equal(error?.code, 'offline');
  assert.equal(client.getSnapshot().status, 'signed-in');
  assert.equal(server.liveSessions().length, 1);
  browser.setOnline(true);
  assert.equal((await clock.until(client.signOut())).error, null);
  assert.equal(server.liveSessions().length, 0);
});

test('a sign-out whose answer is lost is asked for again', async () => {
  const { clock, server, browser, client } = createTestClient({ signedIn: true });
  await clock.until(client.getSession());
  browser.fault({ route: 'POST /auth/logout', isLost: true });
  assert.equal((await clock.until(client.signOut())).error, null);
  assert.equal(server.liveSessions().length, 0);
  assert.equal(client.getSnapshot().status, 'signed-out');
});

test('signing out twice, or without ever having signed in, is fine', async () => {
  const { clock, client } = createTestClient();
  const results = await clock.until(Promise.all([client.signOut(), client.signOut()]));
  assert.deepEqual(results.map(({ error }) => error), [null, null]);
});

test('everywhere, and everywhere else', async () => {
  const { clock, server, client } = createTestClient({ signedIn: true });
  server.startSession(KIM.email);
  server.startSession(KIM.email);
  await clock.until(client.getSession());
  await clock.until(client.signOut({ scope: 'others' }));
  assert.deepEqual(server.liveSessions(), [client.getSnapshot().session?.id]);
  server.startSession(KIM.email);
  await clock.until(client.signOut({ scope: 'all' }));
  assert.deepEqual(server.liveSessions(), []);
});

for (const abilities of [{}, { locks: false }, { channel: false }]) {
  test(`a sign-out in one tab while another refreshes: no session comes back (${JSON.stringify(abilities)})`, async () => {
    const { clock, server, ...world } = createWorld();
    const browser = world.browser(abilities);
    const [client, other] = [browser.tab().client(), browser.tab().client()];
    await clock.until(client.signIn.password(KIM));
    await clock.until(other.getSession());
    await browser.sleep(2 * MINUTE);
    browser.fault({ route: REFRESH, after: 3_000 });
    const refreshed = other.refresh();
    await clock.advance(500);
    await clock.until(client.signOut());
    assert.equal((await clock.until(refreshed)).error?.code, 'session_missing');
    await clock.advance(10_000);
    assert.deepEqual([client, other].map((one) => one.getSnapshot().status), ['signed-out', 'signed-out']);
    assert.deepEqual(server.liveSessions(), []);
  });
}

test('an answer about the session that comes after a sign-out brings nobody back', async () => {
  const { clock, browser, client } = createTestClient();
  const other = browser.tab().client();
  await clock.until(client.signIn.password(KIM));
  await clock.until(other.getSession());
  browser.fault({ route: 'GET /auth/verify-token', after: 3_000 });
  const asked = other.getSession({ fresh: true });
  await clock.advance(500);
  await clock.until(client.signOut());
  assert.equal((await clock.until(asked)).data, null);
  assert.equal(other.getSnapshot().status, 'signed-out');
});

test('a tab that missed the news of another person finds them when it is next seen, and shows nobody until then', async () => {
  const { clock, server, ...world } = createWorld();
  const browser = world.browser({ channel: false });
  server.addUser(LOU);
  const tab = browser.tab();
  const [client, other] = [tab.client(), browser.tab().client()];
  await clock.until(client.signIn.password(KIM));
  await clock.until(other.getSession());
  await clock.until(other.signIn.password(LOU));
  browser.calls.length = 0;
  tab.show();
  assert.deepEqual([client.getSnapshot().status, client.getSnapshot().session], ['loading', null]);
  assert.equal((await clock.until(client.getSession())).data?.id, other.getSnapshot().session?.id);
  await clock.until(client.sessions.revokeOthers());
  assert.deepEqual(browser.calls.map(({ status }) => status), [200, 200, 200], 'with a CSRF token of the new session');
});

test('another person signs in elsewhere: the next change carries the right CSRF token at once', async () => {
  const { clock, server, browser, client } = createTestClient();
  server.addUser(LOU);
  const other = browser.tab().client();
  await clock.until(client.signIn.password(KIM));
  await clock.until(client.sessions.revokeOthers());
  await clock.until(other.getSession());
  await clock.until(other.signIn.password(LOU));
  await clock.advance(10);
  browser.calls.length = 0;
  await clock.until(client.sessions.revokeOthers());
  assert.ok(browser.calls.every(({ status }) => status === 200), JSON.stringify(browser.calls));
});

test('signing in over another session starts with a CSRF token of its own', async () => {
  const { clock, server, browser, client } = createTestClient({ signedIn: true });
  server.addUser(LOU);
  await clock.until(client.getSession());
  await clock.until(client.signIn.password(LOU));
  browser.calls.length = 0;
  await clock.until(client.sessions.revokeOthers());
  assert.deepEqual(browser.calls.map(({ route, status }) => `${route} ${status}`), ['DELETE /user/sessions 200']);
});

test("a page's server that knows another session than the tabs do: the server is asked", async () => {
  const { clock, browser, client } = createTestClient({ client: { autoRefresh: false } });
  await clock.until(client.signIn.password(KIM));
  const before = client.getSnapshot().session;
  await clock.advance(14 * MINUTE);
  const family = browser.signIn(KIM.email);
  const initialSession = { ...(before ?? assert.fail()), id: family.id };
  const later = browser.tab().client({ initialSession });
  await clock.until(later.getSession());
  browser.calls.length = 0;
  await clock.advance(5 * MINUTE);
  assert.equal(later.getSnapshot().session?.id, family.id);
  assert.equal(browser.count(REFRESH), 0, 'its token has ten more minutes, not one');
});

for (const abilities of [{}, { locks: false }, { channel: false }]) {
  test(`a slow refresh of the old session does not overwrite the new one's cookies (${JSON.stringify(abilities)})`, async () => {
    const { clock, server, ...world } = createWorld();
    const browser = world.browser(abilities);
    const client = browser.tab().client();
    server.addUser(LOU);
    const other = browser.tab().client();
    await clock.until(client.signIn.password(KIM));
    await clock.until(other.getSession());
    await browser.sleep(2 * MINUTE);
    browser.fault({ route: REFRESH, after: 3_000 });
    void other.refresh();
    await clock.advance(500);
    const { data } = await clock.until(client.signIn.password(LOU));
    await clock.advance(10_000);
    assert.equal(data?.status, 'complete');
    assert.equal((await clock.until(client.me())).data?.name, 'Lou');
    assert.equal((await clock.until(other.me())).data?.name, 'Lou');
    if (abilities.channel !== false) {
      assert.equal(other.getSnapshot().session?.userId, client.getSnapshot().session?.userId);
    }
  });
}

test('listeners: initial once each, no event without a change, none after leaving, a thrower harms nobody', async (t) => {
  const { clock, browser, tab, client } = createTestClient({ signedIn: true });
  /** @type {unknown[]} */
  const thrown = [];
  const handler = (/** @type {unknown} */ error) => void thrown.push(error);
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', handler);
  t.after(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
  });
  client.onAuthStateChange(() => {
    throw new Error('mine');
  });
  const events = eventsOf(client);
  /** @type {string[]} */
  const left = [];
  client.onAuthStateChange((event) => left.push(event))();
  await clock.until(client.getSession());
  for (let i = 0; i < 5; i++) tab.show();
  await clock.until(client.getSession({ fresh: true }));
  assert.deepEqual(events, [['initial', 'user-1']]);
  assert.equal(left.length, 0);
  assert.equal(thrown.length, 1);
  const late = eventsOf(client);
  client.onAuthStateChange((event) => left.push(event))();
  await clock.advance(1);
  assert.deepEqual(late, [['initial', 'user-1']]);
  assert.equal(left.length, 0);
  assert.equal(browser.count(REFRESH), 1);
});

test('a listener may call the client, and await it, without ever standing in its own way', async () => {
  const { clock, client } = createTestClient({ signedIn: true });
  /** @type {unknown[]} */
  const seen = [];
  client.onAuthStateChange(async () => {
    seen.push((await client.refresh()).error, (await client.me()).error, (await client.getSession()).error);
  });
  await clock.until(client.refresh());
  await clock.advance(5_000);
  assert.ok(seen.length >= 3);
  assert.deepEqual(new Set(seen), new Set([null]));
});

test('snapshots stay the same object until something changes', async () => {
  const { clock, client } = createTestClient({ signedIn: true });
  let changes = 0;
  client.subscribe(() => changes++);
  await clock.until(client.getSession());
  const first = client.getSnapshot();
  await clock.until(client.refresh());
  await clock.until(client.getSession({ fresh: true }));
  assert.equal(client.getSnapshot().session, first.session);
  assert.equal(client.getSnapshot(), first);
  assert.equal(changes, 1);
  assert.equal(client.getServerSnapshot().status, 'loading');
});

test('a session that the server has handed over is there at once, and checked', async () => {
  const { clock, server, browser, tab } = createTestClient();
  const family = browser.signIn(KIM.email);
  const initialSession = {
    id: family.id, userId: 'user-1', organizationId: 'org-user-1', roles: ['owner'], amr: ['pwd'], authTime: '', expiresAt: null,
  };
  const client = tab.client({ initialSession });
  assert.equal(client.getSnapshot().status, 'signed-in');
  assert.equal(client.getServerSnapshot(), client.getServerSnapshot());
  await clock.until(client.getSession());
  assert.deepEqual(browser.calls.map(({ route }) => route), ['GET /auth/verify-token']);
  server.endSession(family.id);
  await clock.until(client.getSession({ fresh: true }));
  assert.equal(client.getSnapshot().status, 'signed-out');
});

test('signed out by the server of the page: believed, unless a tab knows better', async () => {
  const { clock, browser, tab } = createTestClient();
  const visitor = tab.client({ initialSession: null });
  await clock.until(visitor.getSession());
  assert.deepEqual(browser.calls, []);
  assert.equal(visitor.getSnapshot().status, 'signed-out');
  await clock.until(visitor.signIn.password(KIM));
  // The page's server does not see the refresh cookie, which goes to /auth only.
  const later = browser.tab().client({ initialSession: null });
  await clock.until(later.getSession());
  assert.equal(later.getSnapshot().status, 'signed-in');
});

test('somebody who signs in while a page is still finding out is not signed out by the old answer', async () => {
  for (const abilities of [{}, { locks: false }]) {
    const world = createWorld();
    const browser = world.browser(abilities);
    browser.fault({ route: 'GET /auth/csrf', after: 2_000 });
    const [slow, fast] = [browser.tab().client(), browser.tab().client()];
    const found = slow.getSession();
    await world.clock.advance(100);
    const { data } = await world.clock.until(fast.signIn.password(KIM));
    assert.equal(data?.status, 'complete');
    await world.clock.until(found);
    await world.clock.advance(10_000);
    assert.deepEqual([slow, fast].map((one) => one.getSnapshot().status), ['signed-in', 'signed-in']);
  }
});

test('two clients of two servers in one page do not mix', async () => {
  const { clock, browser, tab } = createTestClient({ signedIn: true });
  const [one, two] = [tab.client(), tab.client({ baseUrl: 'https://auth.example.com/other/' })];
  browser.fault({ route: 'GET /other/auth/csrf', answer: { status: 401, code: 'unauthenticated' } });
  await clock.until(Promise.all([one.getSession(), two.getSession()]));
  assert.deepEqual([one, two].map((client) => client.getSnapshot().status), ['signed-in', 'signed-out']);
});

test('a client that was disposed of is quiet', async () => {
  const { clock, browser, tab, client } = createTestClient({ signedIn: true });
  await clock.until(client.getSession());
  client.dispose();
  browser.calls.length = 0;
  tab.show();
  await clock.advance(60 * MINUTE);
  assert.deepEqual(browser.calls, []);
});
