/**
 * How long a token still lives, by this machine alone.
 *
 * The server says for how many seconds a token is good, never until when: clocks of clients are wrong by hours. Two clocks
 * measure the time since then. The wall clock may be set back, the monotonic one may stand still in sleep; whichever
 * says that more time has passed is believed, so that an error costs a refresh too early and never one too late.
 *
 * @module
 */

/** @typedef {Pick<import('./types.js').Environment, 'now' | 'ticks' | 'random'>} Clocks */

/** A moment on both clocks. @typedef {{wall: number, ticks: number}} Moment */

/**
 * All in milliseconds.
 *
 * @typedef {object} Lifetime
 * @property {number} ttl
 * @property {number} wall When it began, by the wall clock.
 * @property {number} ticks When it began, by the monotonic clock.
 * @property {number} due When so much is left, it is time to refresh.
 */

const LEAD = 600_000;
const JITTER = 120_000;
/** A wall clock that is corrected by less than this was not set by hand. */
const CORRECTION = 60_000;

/** Now. @param {Clocks} clocks @returns {Moment} */
export const moment = (clocks) => ({ wall: clocks.now(), ticks: clocks.ticks() });

/**
 * A life that began then. Refreshing is due at min(10 min, a third) before the end, and up
 * to two minutes earlier, so that many clients that started together do not stay together.
 *
 * @param {Clocks} clocks
 * @param {number} ttl
 * @param {Moment} began
 * @returns {Lifetime}
 */
export function begin(clocks, ttl, began) {
  const lead = Math.min(LEAD, ttl / 3);
  return { ttl, ...began, due: lead + clocks.random() * Math.min(JITTER, lead / 2) };
}

/**
 * A life that another tab has seen begin. `null` when the clock has been set back since, so that nobody can tell.
 *
 * @param {Clocks} clocks
 * @param {{at: number, ttl: number}} mark
 * @returns {Lifetime | null}
 */
export function adopt(clocks, { at, ttl }) {
  const passed = clocks.now() - at;
  if (passed < -CORRECTION) return null;
  return begin(clocks, ttl, { wall: at, ticks: clocks.ticks() - Math.max(0, passed) });
}

/**
 * What is left of it. Negative when it is over.
 *
 * @param {Clocks} clocks
 * @param {Lifetime} life
 */
export function remaining(clocks, { ttl, wall, ticks }) {
  return ttl - Math.max(0, clocks.now() - wall, clocks.ticks() - ticks);
}

/**
 * Whether it is over, or would be by the time a request arrives.
 *
 * @param {Clocks} clocks
 * @param {Lifetime} life
 */
export function isOver(clocks, life) {
  return remaining(clocks, life) <= Math.min(10_000, life.ttl / 10);
}
