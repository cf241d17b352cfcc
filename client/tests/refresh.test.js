/** One refresh for all who need one, and what happens when it does not get through. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld, KIM } from '../src/testing.js';

const API = 'https://app.example.com/api/orders';
const REFRESH = 'POST /auth/refresh';
const MINUTE = 60_000;

/**
 * A signed-in browser with that many tabs, each of which knows who is signed in.
 *
 * @param {number} count
 * @param {import('../src/testing/browser.js').Abilities} [abilities]
 */
async function tabsOf(count, abilities) {
  const world = createWorld();
  const browser = world.browser(abilities);
  const family = browser.signIn(KIM.email);
  const tabs = [];
  for (let i = 0; i < count; i++) {
    const tab = browser.tab();
    const client = tab.client();
    await world.clock.until(client.getSession());
    /** @type {string[]} */
    const events = [];
    client.onAuthStateChange((event) => events.push(event));
    tabs.push({ tab, client, events });
  }
  await world.clock.advance(10);
  browser.calls.length = 0;
  return { ...world, browser, family, tabs };
}

/** @param {{clock: import('../src/testing.js').Clock, tabs: {client: import('../src/index.js').Client}[]}} world @param {number} each */
async function ask({ clock, tabs }, each) {
  const requests = tabs.flatMap(({ client }) => Array.from({ length: each }, () => client.fetch(API)));
  const answers = await clock.until(Promise.all(requests));
  return answers.map(({ status }) => status);
}

const statusOf = (/** @type {{client: import('../src/index.js').Client}} */ { client }) => client.getSnapshot().status;

test('six tabs with five requests each at expiry make one refresh, and nobody is signed out', async () => {
  const world = await tabsOf(6);
  await world.browser.sleep(16 * MINUTE);
  const statuses = await ask(world, 5);
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.equal(statuses.length, 30);
  assert.equal(world.browser.count(REFRESH), 1);
  assert.deepEqual(world.tabs.map(statusOf), Array(6).fill('signed-in'));
  assert.equal(world.server.replays, 0);
});

for (const abilities of [{ locks: false }, { storage: false }, { channel: false }, { locks: false, storage: false, channel: false }]) {
  test(`without ${Object.keys(abilities).join(', ')} they refresh more often, and still nobody is signed out`, async () => {
    const world = await tabsOf(6, abilities);
    await world.browser.sleep(16 * MINUTE);
    assert.deepEqual(new Set(await ask(world, 5)), new Set([200]));
    assert.ok(world.browser.count(REFRESH) <= 6, `${world.browser.count(REFRESH)} refreshes`);
    assert.deepEqual(world.tabs.map(statusOf), Array(6).fill('signed-in'));
    assert.equal(world.server.replays, 0);
  });
}

test('a tab that is closed in the middle of its refresh leaves the others signed in, with the same successor', async () => {
  const world = await tabsOf(3);
  await world.browser.sleep(16 * MINUTE);
  world.browser.fault({ route: REFRESH, after: 3_000 });
  const [first, ...others] = world.tabs;
  void first?.client.refresh();
  const waiting = Promise.all(others.map(({ client }) => client.fetch(API)));
  await world.clock.advance(1_000);
  assert.equal(world.browser.count(REFRESH), 1);
  first?.tab.close();
  const answers = await world.clock.until(waiting);
  assert.deepEqual(answers.map(({ status }) => status), [200, 200]);
  assert.equal(world.browser.count(REFRESH), 2, 'the lost one, and one in its place');
  assert.equal(world.family.generation, 1);
  assert.equal(world.server.replays, 0);
});

test('somebody who follows a link in the middle of a refresh is signed in on the next page, also an hour later', async () => {
  const world = await tabsOf(1);
  await world.browser.sleep(16 * MINUTE);
  world.browser.fault({ route: REFRESH, after: 2_000 });
  void world.tabs[0]?.client.refresh();
  await world.clock.advance(500);
  world.tabs[0]?.tab.close();
  await world.clock.advance(60 * MINUTE);
  const next = world.browser.tab().client();
  assert.equal((await world.clock.until(next.getSession())).data?.id, world.family.id);
  assert.equal(world.server.replays, 0);
});

for (const kind of [{ isLost: true }, { isCut: true }, { isUnreachable: true }]) {
  test(`two answers in a row that are lost (${Object.keys(kind)}) cost time and nothing else`, async () => {
    const world = await tabsOf(1);
    await world.browser.sleep(16 * MINUTE);
    world.browser.fault({ route: REFRESH, times: 2, ...kind });
    const from = world.clock.now();
    assert.deepEqual(await ask(world, 3), [200, 200, 200]);
    assert.ok(world.clock.now() - from < 25_000, 'within the grace of 30 s');
    assert.equal(world.family.generation, 1, 'the same successor each time');
    assert.equal(world.server.replays, 0);
    assert.deepEqual(world.tabs.map(statusOf), ['signed-in']);
  });
}

test('a network that swallows answers for twenty seconds signs nobody out', async () => {
  const world = await tabsOf(2);
  await world.browser.sleep(16 * MINUTE);
  world.browser.fault({ route: REFRESH, times: 4, isLost: true });
  await assert.rejects(ask(world, 1), { code: 'timeout' });
  await world.clock.advance(15_000);
  assert.deepEqual(world.tabs.map(statusOf), ['signed-in', 'signed-in']);
  assert.equal(world.family.generation, 1);
  assert.equal(world.server.replays, 0);
});

test('a refresh is given five seconds, three times', async () => {
  const world = await tabsOf(1);
  await world.browser.sleep(16 * MINUTE);
  world.browser.fault({ route: REFRESH, times: 9, isLost: true });
  const from = world.clock.now();
  const result = await world.clock.until(world.tabs[0]?.client.refresh() ?? Promise.reject());
  assert.equal(result.error?.code, 'timeout');
  assert.equal(world.browser.count(REFRESH), 3);
  const took = world.clock.now() - from;
  assert.ok(took >= 15_000 && took < 20_000, `${took} ms`);
});

test('when refreshing fails the person stays signed in, degraded, and it is tried again', async () => {
  const world = await tabsOf(2);
  const [one, two] = world.tabs;
  world.browser.fault({ route: REFRESH, times: 3, answer: { status: 503, code: 'unavailable', headers: { 'retry-after': '2' } } });
  await world.clock.advance(8 * MINUTE);
  world.browser.calls.length = 0;
  await world.clock.advance(3 * MINUTE);
  assert.equal(world.browser.count(REFRESH), 4, 'three that failed, and one some time later');
  assert.deepEqual(world.tabs.map(statusOf), ['signed-in', 'signed-in']);
  const events = [...(one?.events ?? []), ...(two?.events ?? [])];
  assert.ok(events.includes('refresh-failed') && events.includes('token-refreshed'));
  assert.ok(!events.includes('signed-out') && !events.includes('session-expired'));
});

test('degraded: the token that is left is used, and status and error tell', async () => {
  const world = await tabsOf(1);
  world.browser.fault({ route: REFRESH, times: 99, answer: { status: 503, code: 'unavailable' } });
  await world.clock.advance(11 * MINUTE);
  const { status, session, error } = world.tabs[0]?.client.getSnapshot() ?? {};
  assert.deepEqual([status, session?.id, error?.code], ['degraded', world.family.id, 'unavailable']);
  assert.deepEqual(await ask(world, 1), [200]);
  await world.clock.advance(5 * MINUTE);
  await assert.rejects(ask(world, 1), { code: 'unavailable' }, 'the token is over: nothing to send');
  assert.equal(world.tabs[0]?.client.getSnapshot().status, 'degraded');
});

test('a server that asks for patience gets it, from all requests and all tabs', async () => {
  const world = await tabsOf(3);
  await world.browser.sleep(16 * MINUTE);
  world.browser.fault({ route: REFRESH, times: 99, answer: { status: 503, code: 'unavailable', headers: { 'retry-after': '30' } } });
  for (let i = 0; i < 10; i++) {
    await assert.rejects(ask(world, 5), { code: 'unavailable' });
    await world.clock.advance(2_000);
  }
  assert.equal(world.browser.count(REFRESH), 1);
});

test('asking again and again while the server is down does not put off the day when it is tried again', async () => {
  const world = await tabsOf(1);
  await world.browser.sleep(16 * MINUTE);
  world.browser.fault({ route: REFRESH, times: 1, answer: { status: 503, code: 'unavailable', headers: { 'retry-after': '40' } } });
  for (let i = 0; i < 20; i++) {
    await assert.rejects(ask(world, 1), { code: 'unavailable' });
    await world.clock.advance(1_000);
  }
  await world.clock.advance(MINUTE);
  assert.deepEqual(world.tabs.map(statusOf), ['signed-in']);
});

test('refresh_in_progress waits as long as it is told and asks again', async () => {
  const world = await tabsOf(1);
  await world.browser.sleep(16 * MINUTE);
  world.browser.fault({ route: REFRESH, answer: { status: 409, code: 'refresh_in_progress', headers: { 'retry-after': '1' } } });
  const from = world.clock.now();
  assert.deepEqual(await ask(world, 2), [200, 200]);
  assert.ok(world.clock.now() - from >= 1_000);
  assert.equal(world.browser.count(REFRESH), 2);
});

for (const code of ['session_revoked', 'session_expired', 'refresh_reused', 'refresh_invalid']) {
  test(`${code} ends the session in every tab, once`, async () => {
    const world = await tabsOf(3);
    world.browser.fault({ route: REFRESH, times: 9, answer: { status: 401, code } });
    const result = await world.clock.until(world.tabs[0]?.client.refresh() ?? Promise.reject());
    assert.equal(result.error?.code, code);
    await world.clock.advance(100);
    assert.deepEqual(world.tabs.map(statusOf), Array(3).fill('signed-out'));
    for (const { events } of world.tabs) assert.deepEqual(events, ['initial', 'session-expired']);
    assert.equal(world.tabs[0]?.client.getSnapshot().error?.code, code);
    assert.equal(world.browser.count(REFRESH), 1);
  });
}

for (const [what, answer] of /** @type {const} */ ([
  ['a 401 of some proxy', { status: 401, body: '<h1>Proxy authentication</h1>' }],
  ['a 401 with a code that says nothing of the session', { status: 401, code: 'proxy_says_no' }],
  ['a 403', { status: 403, code: 'forbidden' }],
  ['a 429 of API Gateway', { status: 429, body: '{"message":"Too Many Requests"}' }],
  ['a 500', { status: 500, code: 'internal' }],
  ['a 502 of a gateway', { status: 502, body: 'Bad gateway' }],
  ["a hotel's page with status 200", { status: 200, body: '<html>Welcome to our WiFi</html>' }],
  ['JSON that is no grant', { status: 200, body: '{"status":"complete"}' }],
])) {
  test(`${what} signs nobody out`, async () => {
    const world = await tabsOf(2);
    world.browser.fault({ route: REFRESH, times: 3, answer });
    await world.clock.until(world.tabs[0]?.client.refresh() ?? Promise.reject());
    assert.equal(statusOf(/** @type {any} */ (world.tabs[0])), 'degraded');
    assert.equal(statusOf(/** @type {any} */ (world.tabs[1])), 'signed-in');
    await world.clock.advance(MINUTE);
    assert.deepEqual(world.tabs.map(statusOf), ['signed-in', 'signed-in']);
  });
}

test('cookies that are gone mean that nobody is signed in', async () => {
  const world = await tabsOf(2);
  world.browser.jar.clear();
  const result = await world.clock.until(world.tabs[0]?.client.refresh() ?? Promise.reject());
  assert.equal(result.error?.code, 'session_missing');
  await world.clock.advance(10);
  assert.deepEqual(world.tabs.map(statusOf), ['signed-out', 'signed-out']);
});

test('refreshing is due a third of the life before its end, up to two minutes earlier, and tabs do not all do it', async () => {
  const dues = [];
  for (let seed = 1; seed <= 20; seed++) {
    const world = createWorld({ seed });
    const browser = world.browser();
    const client = browser.tab().client();
    await world.clock.until(client.signIn.password(KIM));
    const from = world.clock.now();
    await world.clock.advance(14 * MINUTE);
    const refresh = browser.calls.find(({ route }) => route === REFRESH);
    dues.push(Math.round(((refresh?.at ?? 0) - from) / 1000));
  }
  assert.ok(dues.every((due) => due >= 480 && due <= 601), String(dues));
  assert.ok(Math.max(...dues) - Math.min(...dues) > 60, `spread: ${dues}`);
});

test('a long life is refreshed ten minutes before its end at the latest, a short one at its last third', async () => {
  for (const [ttl, earliest, latest] of /** @type {const} */ ([[7_200, 6_480, 6_601], [60, 30, 41]])) {
    const world = createWorld({ accessTtl: ttl });
    const browser = world.browser();
    const client = browser.tab().client();
    await world.clock.until(client.signIn.password(KIM));
    const from = world.clock.now();
    await world.clock.advance(ttl * 1000);
    const due = ((browser.calls.find(({ route }) => route === REFRESH)?.at ?? 0) - from) / 1000;
    assert.ok(due >= earliest && due <= latest, `${due} of ${ttl}`);
  }
});

test('a day of an open page: one refresh per token, whatever the number of tabs', async () => {
  const world = await tabsOf(4);
  await world.clock.advance(24 * 60 * MINUTE);
  const count = world.browser.count(REFRESH);
  assert.ok(count >= 140 && count <= 185, `${count} refreshes in 24 hours`);
  assert.deepEqual(world.tabs.map(statusOf), Array(4).fill('signed-in'));
});

test('with autoRefresh off nothing is refreshed until a request needs it', async () => {
  const world = createWorld();
  const browser = world.browser();
  const client = browser.tab().client({ autoRefresh: false });
  await world.clock.until(client.signIn.password(KIM));
  await world.clock.advance(20 * MINUTE);
  assert.equal(browser.count(REFRESH), 0);
  assert.equal((await world.clock.until(client.fetch(API))).status, 200);
  assert.equal(browser.count(REFRESH), 1);
});

test('a tab that sleeps with the lock in its hand does not stop the others', async () => {
  const world = await tabsOf(2);
  await world.browser.sleep(16 * MINUTE);
  const [one, two] = world.tabs;
  world.browser.fault({ route: REFRESH, isLost: true });
  void one?.client.refresh();
  await world.clock.advance(100);
  one?.tab.suspend();
  const answer = await world.clock.until(two?.client.fetch(API) ?? Promise.reject());
  assert.equal(answer.status, 200);
  assert.equal(world.server.replays, 0);
});
