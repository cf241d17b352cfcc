/** Many things at once, in an order that nobody has thought of: 150 random schedules, each of which can be run again by its seed. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld, KIM } from '../src/testing.js';

const API = 'https://app.example.com/api/orders';
const REFRESH = 'POST /auth/refresh';
const ROUTES = [REFRESH, REFRESH, 'GET /auth/csrf', 'GET /auth/verify-token', 'GET /api/orders'];

/** @param {number} seed */
function dice(seed) {
  let state = seed * 2654435761;
  return (/** @type {number} */ sides) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) | 0;
    return (state >>> 8) % sides;
  };
}

/**
 * Plays one schedule, then lets the dust settle.
 *
 * @param {number} seed
 * @param {{answersGetLost: boolean, abilities: import('../src/testing/browser.js').Abilities}} rules
 */
async function play(seed, { answersGetLost, abilities }) {
  const world = createWorld({ seed });
  const { clock, server } = world;
  const browser = world.browser(abilities);
  const roll = dice(seed);
  const family = browser.signIn(KIM.email);
  /** @type {{tab: import('../src/testing.js').Tab, client: import('../src/index.js').Client, isFrozen: boolean}[]} */
  let tabs = [];
  /** @type {string[]} */
  const wrong = [];
  const open = () => {
    const tab = browser.tab();
    const client = tab.client();
    client.onAuthStateChange((event) => {
      if (event === 'signed-out' || event === 'session-expired') wrong.push(`${event} ${client.getSnapshot().error?.code}`);
    });
    tabs.push({ tab, client, isFrozen: false });
  };
  const actions = {
    open: () => tabs.length < 5 && open(),
    ask: () => tabs.forEach(({ client, isFrozen }) => isFrozen || client.fetch(API).catch(() => {})),
    refresh: () => tabs.forEach(({ client, isFrozen }) => isFrozen || void client.refresh()),
    look: () => tabs.forEach(({ tab, isFrozen }) => isFrozen || (tab.hide(), tab.show())),
    hide: () => tabs[roll(tabs.length)]?.tab.hide(),
    moment: () => clock.advance(roll(200)),
    seconds: () => clock.advance(roll(9_000)),
    minutes: () => clock.advance(roll(20) * 60_000),
    clock: () => void (browser.skew += (roll(7) - 3) * 3_600_000),
    busy: () => browser.fault({ route: REFRESH, answer: { status: 409, code: 'refresh_in_progress', headers: { 'retry-after': '1' } } }),
    down: () => browser.fault({ route: ROUTES[roll(5)] ?? REFRESH, times: 1 + roll(4), answer: { status: 503, code: 'unavailable' } }),
    slow: () => browser.fault({ route: ROUTES[roll(5)] ?? REFRESH, before: roll(3_000), after: roll(3_000) }),
    ...(answersGetLost && {
      lost: () => browser.fault({ route: REFRESH, ...(roll(2) ? { isLost: true } : { isCut: true }) }),
      unreachable: () => browser.fault({ route: ROUTES[roll(5)] ?? REFRESH, times: 1 + roll(3), isUnreachable: true }),
      offline: () => browser.setOnline(false),
      online: () => browser.setOnline(true),
      sleep: () => browser.sleep(roll(30) * 60_000),
      close: () => tabs.length > 1 && tabs.shift()?.tab.close(),
      freeze() {
        const one = tabs[roll(tabs.length)];
        if (!one || one.isFrozen) return;
        one.isFrozen = true;
        one.tab.freeze();
      },
      thaw: () => tabs.forEach((one) => one.isFrozen && ((one.isFrozen = false), one.tab.restore())),
    }),
  };
  const names = /** @type {(keyof typeof actions)[]} */ (Object.keys(actions));
  open();
  open();
  const log = [];
  for (let step = 0; step < 40; step++) {
    const name = names[roll(names.length)] ?? 'ask';
    log.push(name);
    await actions[name]?.();
  }
  browser.setOnline(true);
  actions.thaw?.();
  tabs.forEach(({ tab }) => tab.show());
  await clock.advance(12 * 60_000);
  tabs.forEach(({ tab }) => tab.show());
  await clock.advance(60_000);
  const statuses = tabs.map(({ client }) => client.getSnapshot().status);
  return { server, family, statuses, wrong, log: log.join(' '), asked: browser.count(REFRESH) };
}

for (const abilities of [{}, { locks: false }, { locks: false, storage: false, channel: false }]) {
  const what = Object.keys(abilities).join(', ') || 'nothing';
  test(`with failures but no lost answers nobody is ever signed out (missing: ${what})`, async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const { server, statuses, wrong, log } = await play(seed, { answersGetLost: false, abilities });
      assert.deepEqual({ replays: server.replays, wrong }, { replays: 0, wrong: [] }, `seed ${seed}: ${log}`);
      assert.deepEqual(new Set(statuses), new Set(['signed-in']), `seed ${seed}: ${log}`);
    }
  });

  test(`with lost answers, closed and frozen tabs and sleep, all tabs end as the server has it (missing: ${what})`, async () => {
    let survivors = 0;
    for (let seed = 1; seed <= 25; seed++) {
      const { family, server, statuses, wrong, log } = await play(seed, { answersGetLost: true, abilities });
      const expected = family.ended ? 'signed-out' : 'signed-in';
      assert.deepEqual(new Set(statuses), new Set([expected]), `seed ${seed}: ${log}`);
      // Only the server ends a session, and only when an answer was lost for longer than its grace.
      assert.equal(family.ended !== null, server.replays > 0, `seed ${seed}`);
      if (!family.ended) assert.deepEqual(wrong, [], `seed ${seed}: ${log}`);
      survivors += family.ended ? 0 : 1;
    }
    assert.ok(survivors >= 12, `${survivors} of 25`);
  });
}
