/**
 * The browser SDK of Postern. See README.md.
 *
 * @module
 */

export { createClient } from './client.js';
export { PosternError, isPosternError, unwrap } from './errors.js';

/** @typedef {import('./client.js').Client} Client */
/** @typedef {import('./types.js').Options} Options */
/** @typedef {import('./types.js').Session} Session */
/** @typedef {import('./types.js').User} User */
/** @typedef {import('./types.js').Device} Device */
/** @typedef {import('./types.js').Snapshot} Snapshot */
/** @typedef {import('./types.js').Status} Status */
/** @typedef {import('./types.js').AuthEvent} AuthEvent */
/** @typedef {import('./types.js').AuthListener} AuthListener */
/** @typedef {import('./types.js').SignInStep} SignInStep */
/** @typedef {import('./errors.js').ErrorCode} ErrorCode */
/**
 * @template T
 * @typedef {import('./types.js').Result<T>} Result
 */
