/**
 * Time that stands still until a test moves it.
 *
 * @module
 */

/** Taken before anybody fakes the globals: promises of the platform need real turns of the event loop to settle. */
const turn = /** @type {any} */ (globalThis).setImmediate ?? ((/** @type {() => void} */ run) => globalThis.setTimeout(run, 0));
const realMacrotask = () => new Promise((resolve) => turn(() => resolve(undefined)));

/** Lets everything run that waits for nothing but the event loop. */
async function settle() {
  for (let i = 0; i < 12; i++) await realMacrotask();
}

/** @typedef {{at: number, run: () => void, isPaused: () => boolean}} Timer */
/** @typedef {ReturnType<typeof createClock>} Clock */

/** @param {number} [start] Milliseconds since 1970. */
export function createClock(start = Date.UTC(2027, 0, 15, 12, 0, 0, 343)) {
  let now = start;
  /** @type {Set<Timer>} */
  const timers = new Set();

  /** The timer that is due first, by then. @param {number} until */
  const next = (until) => {
    let first = null;
    for (const timer of timers) {
      if (timer.at <= until && !timer.isPaused() && (!first || timer.at < first.at)) first = timer;
    }
    return first;
  };

  /** @param {Timer} timer */
  const fire = (timer) => {
    timers.delete(timer);
    now = Math.max(now, timer.at);
    timer.run();
  };

  const clock = {
    now: () => now,

    /** @param {() => void} run @param {number} ms @param {() => boolean} [isPaused] While it is, the timer waits. */
    setTimeout(run, ms, isPaused = () => false) {
      const timer = { at: now + Math.max(0, ms), run, isPaused };
      timers.add(timer);
      return timer;
    },

    /** @param {any} timer */
    clearTimeout(timer) {
      timers.delete(timer);
    },

    /** @param {number} ms @returns {Promise<void>} */
    wait: (ms) => new Promise((resolve) => void clock.setTimeout(resolve, ms)),

    /** Moves time, running on its way whatever becomes due. @param {number} ms */
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let timer = next(until); timer; timer = next(until)) {
        fire(timer);
        await settle();
      }
      now = until;
    },

    /**
     * Moves time until something has happened, and no further.
     *
     * @template T
     * @param {Promise<T>} promise
     * @param {number} [most] Fails when it has not happened by then.
     * @returns {Promise<T>}
     */
    async until(promise, most = 600_000) {
      let isSettled = false;
      const mark = () => void (isSettled = true);
      promise.then(mark, mark);
      const end = now + most;
      for (;;) {
        await settle();
        if (isSettled) return promise;
        const timer = next(end);
        if (!timer) throw new Error(`nothing will settle this within ${most} ms`);
        fire(timer);
      }
    },
  };
  return clock;
}
