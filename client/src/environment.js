/**
 * What the SDK takes from the browser, in one place. Nothing else in the core names a global with state.
 *
 * @module
 */

/** @typedef {import('./types.js').Environment} Environment */

/**
 * The real browser. Also loads where there is none: then a client never starts by itself.
 *
 * @param {typeof globalThis.fetch} [ownFetch]
 * @returns {Environment}
 */
export function browserEnvironment(ownFetch) {
  const page = typeof document === 'undefined' ? null : document;
  return {
    // Looked up at each call, so that whatever wraps the global later (tracing, mocks) is used.
    fetch: (request) => (ownFetch ?? globalThis.fetch)(request),
    now: () => Date.now(),
    ticks: () => performance.now(),
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: (timer) => clearTimeout(timer),
    random: Math.random,
    storage: page && storage(),
    locks: (page && navigator.locks) ?? null,
    channel: page && typeof BroadcastChannel === 'function' ? (name) => new BroadcastChannel(name) : null,
    isVisible: () => page?.visibilityState !== 'hidden',
    isOnline: () => !page || navigator.onLine !== false,
    onWake(wake) {
      if (!page) return () => {};
      const controller = new AbortController();
      /** @param {EventTarget} target @param {string} type @param {(event: any) => void} run */
      const on = (target, type, run) => target.addEventListener(type, run, { signal: controller.signal });
      on(page, 'visibilitychange', () => page.visibilityState === 'visible' && wake('visible'));
      on(window, 'online', () => wake('online'));
      on(window, 'pageshow', (event) => event.persisted && wake('restored'));
      return () => controller.abort();
    },
    href: page && page.location.href,
  };
}

/** Even naming `localStorage` throws where a browser's settings forbid it. */
function storage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
