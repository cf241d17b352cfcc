/**
 * A browser in memory: a cookie jar, tabs that share storage, locks and channels, and a network that fails to order.
 *
 * @module
 */

import { createClient } from '../client.js';
import { problem } from './server.js';

/** @typedef {import('../types.js').Environment} Environment */
/** @typedef {import('../types.js').Wake} Wake */
/** @typedef {import('./server.js').Answer} Answer */

/**
 * Something that happens to requests.
 *
 * @typedef {object} Fault
 * @property {string} route e.g. `POST /auth/refresh`.
 * @property {number} [times] How often; 1.
 * @property {number} [before] Milliseconds until the request arrives.
 * @property {number} [after] Milliseconds until the answer arrives.
 * @property {boolean} [isLost] The server has done what was asked, but its answer never comes.
 * @property {boolean} [isCut] The same, but the browser notices.
 * @property {boolean} [isUnreachable] The request never arrives.
 * @property {{status: number, code?: string, body?: string, headers?: Record<string, string>}} [answer] Instead of the
 *   server's. With `code` it is problem+json, with `body` it is that text.
 */

/** @typedef {{at: number, tab: string, route: string, status: number | null}} Call */
/** @typedef {{locks?: boolean, storage?: boolean, channel?: boolean, skew?: number}} Abilities */
/** @typedef {ReturnType<typeof createBrowser>} Browser */
/** @typedef {ReturnType<Browser['tab']>} Tab */

const LATENCY = 20;

/**
 * @param {object} parts
 * @param {import('./clock.js').Clock} parts.clock
 * @param {import('./server.js').Server} parts.server
 * @param {string} parts.authOrigin
 * @param {string} parts.appOrigin
 * @param {() => number} parts.random
 * @param {Abilities} [abilities]
 */
export function createBrowser({ clock, server, authOrigin, appOrigin, random }, abilities = {}) {
  const { locks = true, storage = true, channel = true } = abilities;
  /** @type {Map<string, {value: string, path: string, expires: number}>} */
  const jar = new Map();
  /** @type {Map<string, string>} */
  const stored = new Map();
  /** @type {Fault[]} */
  const faults = [];
  /** @type {{name: string, tab: TabState, port: import('../types.js').Channel}[]} */
  const ports = [];
  /** Who holds the lock of a name, and who waits for it. @type {Map<string, {tab: TabState, enter: () => void, release: () => void}[]>} */
  const queues = new Map();
  let slept = 0;
  let tabs = 0;

  /** @typedef {{name: string, isVisible: boolean, isClosed: boolean, isFrozen: boolean, wakes: Set<(why: Wake) => void>, breaks: Set<() => void>}} TabState */

  const browser = {
    /** Requests, in the order in which they arrived. @type {Call[]} */
    calls: [],
    isOnline: true,
    isAsleep: false,
    keepsCookies: true,
    /** How far this machine's wall clock is off, in milliseconds. */
    skew: abilities.skew ?? 0,
    /** What the app's own API answers; by default it wants a good access token. @type {((request: Request, isAuthorized: boolean) => Response) | null} */
    api: null,
    jar,
    stored,

    /** @param {Fault} fault */
    fault(fault) {
      faults.push({ times: 1, ...fault });
    },

    /** How often a route was asked. @param {string} route */
    count: (route) => browser.calls.filter((call) => call.route === route).length,

    /** A session in the jar, as if by an earlier visit. @param {string} email */
    signIn(email) {
      const family = server.startSession(email);
      const expires = clock.now() + 900_000;
      jar.set('postern_v1_access', { value: `a.${family.id}.${expires}.0`, path: '/', expires });
      jar.set('postern_v1_refresh', { value: `r.${family.id}.0`, path: '/auth', expires: clock.now() + 2_592_000_000 });
      return family;
    },

    /** The machine sleeps: no timer runs, the monotonic clock stands, the world goes on. @param {number} ms */
    async sleep(ms) {
      browser.isAsleep = true;
      await clock.advance(ms);
      slept += ms;
      browser.isAsleep = false;
    },

    /** @param {boolean} isOnline */
    setOnline(isOnline) {
      browser.isOnline = isOnline;
      if (isOnline) allTabs.forEach((tab) => tab.isClosed || tab.isFrozen || tab.wakes.forEach((wake) => wake('online')));
    },

    /** Opens a page of the app. */
    tab() {
      /** @type {TabState} */
      const state = {
        name: `tab-${++tabs}`,
        isVisible: true,
        isClosed: false,
        isFrozen: false,
        wakes: new Set(),
        breaks: new Set(),
      };
      allTabs.add(state);
      const env = environment(state);
      const wake = (/** @type {Wake} */ why) => state.wakes.forEach((run) => run(why));
      return {
        env,
        /** @param {Partial<import('../types.js').Options>} [options] */
        client: (options) => createClient({ baseUrl: authOrigin, ...options }, env),
        hide() {
          state.isVisible = false;
        },
        show() {
          state.isVisible = true;
          wake('visible');
        },
        /** Into the back/forward cache: requests end, timers stand, messages are missed. */
        freeze() {
          state.isFrozen = true;
          state.breaks.forEach((run) => run());
        },
        /** Put to sleep by the system as it is: timers stand, locks stay taken. */
        suspend() {
          state.isFrozen = true;
        },
        restore() {
          state.isFrozen = false;
          wake('restored');
        },
        /** Closed for good, in the middle of whatever it does. Only requests that are kept alive go on. */
        close() {
          state.isClosed = true;
          state.breaks.forEach((run) => run());
          for (const queue of queues.values()) {
            for (const entry of queue.filter(({ tab }) => tab === state)) entry.release();
          }
        },
      };
    },
  };
  /** @type {Set<TabState>} */
  const allTabs = new Set();

  /** @param {TabState} tab @returns {Environment} */
  function environment(tab) {
    const isPaused = () => tab.isClosed || tab.isFrozen || browser.isAsleep;
    return {
      fetch: (request) => exchange(tab, request),
      now: () => clock.now() + browser.skew,
      ticks: () => clock.now() - slept,
      setTimeout: (run, ms) => clock.setTimeout(run, ms, isPaused),
      clearTimeout: clock.clearTimeout,
      random,
      storage: storage ? { getItem: (key) => stored.get(key) ?? null, setItem: (key, text) => void stored.set(key, text) } : null,
      locks: locks ? { request: (name, { signal }, run) => lock(tab, name, signal, run) } : null,
      channel: channel ? (name) => open(tab, name) : null,
      isVisible: () => tab.isVisible,
      isOnline: () => browser.isOnline,
      onWake(wake) {
        tab.wakes.add(wake);
        return () => void tab.wakes.delete(wake);
      },
      href: `${appOrigin}/`,
    };
  }

  /** @param {TabState} tab @param {string} name @returns {import('../types.js').Channel} */
  function open(tab, name) {
    /** @type {import('../types.js').Channel} */
    const port = {
      onmessage: null,
      close: () => void ports.splice(ports.findIndex((other) => other.port === port), 1),
      postMessage(message) {
        const data = structuredClone(message);
        for (const other of ports.filter((one) => one.name === name && one.port !== port)) {
          clock.setTimeout(() => {
            if (!other.tab.isClosed && !other.tab.isFrozen) other.port.onmessage?.({ data });
          }, 1);
        }
      },
    };
    ports.push({ name, tab, port });
    return port;
  }

  /**
   * @template T
   * @param {TabState} tab
   * @param {string} name
   * @param {AbortSignal} signal
   * @param {() => Promise<T>} run
   * @returns {Promise<T>}
   */
  function lock(tab, name, signal, run) {
    const queue = queues.get(name) ?? [];
    queues.set(name, queue);
    return new Promise((resolve, reject) => {
      const entry = {
        tab,
        enter() {
          signal.removeEventListener('abort', abandon);
          Promise.resolve().then(run).then(resolve, reject).finally(entry.release);
        },
        release() {
          const place = queue.indexOf(entry);
          if (place < 0) return;
          queue.splice(place, 1);
          if (place === 0) queue[0]?.enter();
        },
      };
      const abandon = () => {
        entry.release();
        reject(new DOMException('The lock was not waited for', 'AbortError'));
      };
      signal.addEventListener('abort', abandon);
      queue.push(entry);
      if (queue.length === 1) entry.enter();
    });
  }

  /** @param {TabState} tab @param {Request} request @returns {Promise<Response>} */
  function exchange(tab, request) {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const fail = (/** @type {any} */ reason) => {
        isOver = true;
        tab.breaks.delete(broken);
        // A closed page hears nothing any more; a frozen one finds its requests broken.
        if (!tab.isClosed) reject(reason);
      };
      const broken = () => {
        if (!(tab.isClosed && request.keepalive)) fail(new TypeError('Failed to fetch'));
      };
      tab.breaks.add(broken);
      request.signal.addEventListener('abort', () => fail(new DOMException('Aborted', 'AbortError')));
      if (request.signal.aborted) return fail(new DOMException('Aborted', 'AbortError'));

      void (async () => {
        const url = new URL(request.url);
        const route = `${request.method} ${url.pathname}`;
        const fault = faults.find((one) => one.route === route && (one.times ?? 0) > 0);
        if (fault) fault.times = (fault.times ?? 1) - 1;
        const body = request.body ? await request.clone().text() : '';
        await clock.wait(fault?.before ?? LATENCY);
        if (isOver) return;
        if (!browser.isOnline || fault?.isUnreachable) return fail(new TypeError('Failed to fetch'));
        const answer = fault?.answer ? canned(fault.answer) : ask(request, url, body);
        browser.calls.push({ at: clock.now(), tab: tab.name, route, status: answer.status });
        await clock.wait(fault?.after ?? LATENCY);
        if (isOver || fault?.isLost) return;
        if (!browser.isOnline || fault?.isCut) return fail(new TypeError('Failed to fetch'));
        isOver = true;
        tab.breaks.delete(broken);
        if (answer.cookies.length && browser.keepsCookies) keep(answer.cookies);
        if (!tab.isClosed) resolve(responseOf(answer));
      })();
    });
  }

  /** @param {import('./server.js').Cookie[]} cookies */
  function keep(cookies) {
    for (const { name, value, path, maxAge } of cookies) {
      if (maxAge > 0) jar.set(name, { value, path, expires: clock.now() + maxAge * 1000 });
      else jar.delete(name);
    }
  }

  /** @param {Request} request @param {URL} url @param {string} body @returns {Answer} */
  function ask(request, url, body) {
    const cookies = new Map();
    const isSent = request.credentials === 'include' || url.origin === appOrigin;
    for (const [name, { value, path, expires }] of jar) {
      if (isSent && expires > clock.now() && `${url.pathname}/`.startsWith(path === '/' ? '/' : `${path}/`)) {
        cookies.set(name, value);
      }
    }
    if (url.origin !== authOrigin) {
      const isAuthorized = server.isAuthorized(cookies);
      if (browser.api) return { status: 0, headers: {}, body: browser.api(request, isAuthorized), cookies: [] };
      return isAuthorized
        ? { status: 200, headers: { 'content-type': 'application/json' }, body: { ok: true }, cookies: [] }
        : problem(401, 'unauthenticated');
    }
    const json = body ? JSON.parse(body) : null;
    const { method } = request;
    const header = (/** @type {string} */ name) => request.headers.get(name);
    return server.answer({ method, path: url.pathname, query: url.searchParams, cookies, header, body: json });
  }

  return browser;
}

/** @param {NonNullable<Fault['answer']>} answer @returns {Answer} */
function canned({ status, code, body, headers = {} }) {
  if (code) return problem(status, code, headers);
  return { status, headers, body: new Response(body ?? null, { status, headers }), cookies: [] };
}

/** @param {Answer} answer */
function responseOf({ status, headers, body }) {
  if (body instanceof Response) return body;
  return new Response(body === null ? null : JSON.stringify(body), { status, headers });
}
