/**
 * What the tabs of an origin share: the mark of the last change in `localStorage`, the news of it on a channel, a lock.
 *
 * Every part may be missing: private windows, old browsers, settings. Then tabs know less of each other, refresh once more
 * than needed, and the server's grace gives each the same successor.
 *
 * @module
 */

/** @typedef {import('./types.js').Environment} Environment */
/** @typedef {import('./types.js').Mark} Mark */
/** @typedef {import('./types.js').Session} Session */

/** A mark as it is told to open tabs, with what is not written down. @typedef {Mark & {session?: Session | null}} News */

/** @typedef {{seq: number, at: number, code: string, status: number, retryAfter?: number | undefined}} Failure */

/** For so long a failed refresh is believed by all who wait for one, so that they do not queue up to fail after it. */
const FAILURE_COUNTS = 3_000;
/** A server that asks for more patience than this is asked again all the same. */
const MOST_PATIENCE = 60_000;

/**
 * @param {Environment} env
 * @param {string} name One per Postern; carries the version of what is written below it.
 */
export function createTabs(env, name) {
  const { storage, locks } = env;
  /** @type {import('./types.js').Channel | null} */
  let channel = null;
  /** @type {Failure | null} */
  let ownFailure = null;

  /** @param {string} key @returns {any} */
  const read = (key) => {
    try {
      return JSON.parse(storage?.getItem(key) ?? 'null');
    } catch {
      return null;
    }
  };
  /** @param {string} key @param {unknown} value */
  const write = (key, value) => {
    try {
      storage?.setItem(key, JSON.stringify(value));
    } catch {
      // Full or forbidden: the channel still tells the tabs that are open.
    }
  };

  return {
    /** @param {(news: News) => void} hear */
    open(hear) {
      channel = env.channel && env.channel(name);
      if (channel) channel.onmessage = ({ data }) => isMark(data) && hear(data);
    },

    close() {
      channel?.close();
      channel = null;
    },

    /** The last change that any tab has written down. @returns {Mark | null} */
    mark() {
      const mark = read(name);
      return isMark(mark) ? mark : null;
    },

    /** @param {News} news */
    publish(news) {
      // What is written stays: who somebody is has no place there.
      write(name, { ...news, session: undefined });
      channel?.postMessage(news);
    },

    /** A refresh after the change `seq` that failed just now, in any tab. @param {number} seq @returns {Failure | null} */
    failure(seq) {
      /** @type {Failure | null} */
      const failure = read(`${name}:failed`) ?? ownFailure;
      const age = env.now() - (failure?.at ?? 0);
      const most = Math.min(MOST_PATIENCE, Math.max(FAILURE_COUNTS, (failure?.retryAfter ?? 0) * 1000));
      return failure?.seq === seq && age >= 0 && age < most ? failure : null;
    },

    /** @param {Omit<Failure, 'at'>} failure */
    fail(failure) {
      ownFailure = { ...failure, at: env.now() };
      write(`${name}:failed`, ownFailure);
    },

    /** What failed may work now. */
    forgive() {
      ownFailure = null;
      write(`${name}:failed`, null);
    },

    /**
     * Runs alone among all tabs. A tab that the system has put to sleep with the lock in its hand must not stop the others:
     * after `patience` milliseconds it runs all the same.
     *
     * @template T
     * @param {number} patience
     * @param {() => Promise<T>} run Must end by itself, and soon: it is time-outs all the way down.
     * @returns {Promise<T>}
     */
    async alone(patience, run) {
      if (!locks) return run();
      const controller = new AbortController();
      const timer = env.setTimeout(() => controller.abort(), patience);
      /** @type {Promise<T> | undefined} */
      let running;
      const enter = () => {
        env.clearTimeout(timer);
        return (running ??= run());
      };
      return locks.request(`${name}:refresh`, { signal: controller.signal }, enter).catch(enter);
    },
  };
}

/** @param {any} value @returns {value is Mark} */
function isMark(value) {
  return value?.seq > 0 && value.at > 0 && value.ttl > 0 === !value.out;
}
