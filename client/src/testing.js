/**
 * For tests of apps that use Postern: a server, browsers and a clock in memory. Nothing listens, nothing sleeps.
 *
 * @module
 */

import { createBrowser } from './testing/browser.js';
import { createClock } from './testing/clock.js';
import { createServer } from './testing/server.js';

/** @typedef {import('./testing/browser.js').Browser} Browser */
/** @typedef {import('./testing/browser.js').Tab} Tab */
/** @typedef {import('./testing/browser.js').Fault} Fault */
/** @typedef {import('./testing/clock.js').Clock} Clock */
/** @typedef {import('./testing/server.js').Server} Server */

/** The account that every fake server has. */
export const KIM = { email: 'kim@example.org', password: 'seven foggy lanterns', name: 'Kim' };

/**
 * A world of its own: one clock, one Postern, and as many browsers as wanted.
 *
 * @param {object} [options]
 * @param {string} [options.authOrigin]
 * @param {string} [options.appOrigin]
 * @param {number} [options.accessTtl] Seconds.
 * @param {number} [options.seed] Of all that is random.
 */
export function createWorld(options = {}) {
  const { authOrigin = 'https://auth.example.com', appOrigin = 'https://app.example.com', accessTtl, seed = 1 } = options;
  const clock = createClock();
  const server = createServer(clock, accessTtl === undefined ? {} : { accessTtl });
  server.addUser(KIM);
  const random = randomOf(seed);
  return {
    clock,
    server,
    authOrigin,
    appOrigin,
    /** @param {import('./testing/browser.js').Abilities} [abilities] */
    browser: (abilities) => createBrowser({ clock, server, authOrigin, appOrigin, random }, abilities),
    /** What talks to the server without a browser, such as a Next.js proxy. Cookies are headers here. @param {Request | string | URL} input @param {RequestInit} [init] */
    fetch: (input, init) => plain(server, new Request(input, init)),
  };
}

/**
 * One client in one tab, ready to use.
 *
 * @param {Parameters<typeof createWorld>[0] & {signedIn?: boolean, client?: Partial<import('./types.js').Options>}} [options]
 */
export function createTestClient({ signedIn = false, client: own = {}, ...options } = {}) {
  const world = createWorld(options);
  const browser = world.browser();
  if (signedIn) browser.signIn(KIM.email);
  const tab = browser.tab();
  return { ...world, browser, tab, client: tab.client(own) };
}

/** @param {Server} server @param {Request} request */
async function plain(server, request) {
  const url = new URL(request.url);
  /** @type {Map<string, string>} */
  const cookies = new Map();
  for (const pair of (request.headers.get('cookie') ?? '').split(/; */)) {
    const [name = '', value = ''] = pair.split('=');
    cookies.set(name, value);
  }
  const text = await request.text();
  const { method } = request;
  const header = (/** @type {string} */ name) => request.headers.get(name);
  const body = text ? JSON.parse(text) : null;
  const answer = server.answer({ method, path: url.pathname, query: url.searchParams, cookies, header, body });
  const headers = new Headers(answer.headers);
  for (const { name, value, path, maxAge } of answer.cookies) {
    headers.append('set-cookie', `${name}=${value}; Path=${path}; Max-Age=${maxAge}; HttpOnly; SameSite=Lax`);
  }
  const isEmpty = answer.body === null || method === 'HEAD';
  return new Response(isEmpty ? null : JSON.stringify(answer.body), { status: answer.status, headers });
}

/** A small generator (mulberry32), so that a failing test fails again. @param {number} seed */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
