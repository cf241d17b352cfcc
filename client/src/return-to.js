/**
 * Where to go after sign-in: a path of this very site, whatever an address bar says.
 *
 * @module
 */

const MOST = 2048;
const HERE = 'https://here.invalid';
/** What browsers drop, turn into a slash, or cut a header at. */
const NEVER = /[\u0000-\u001f\u007f\\]/;

/**
 * The path to return to, or the fallback when `value` is none or may lead elsewhere. The result begins with exactly one
 * slash, is normalised as a browser would do it, and carries no `returnTo` of its own.
 *
 * @param {unknown} value Usually the page's `returnTo` parameter.
 * @param {{fallback?: string, not?: readonly string[], parameter?: string}} [options] `not`: paths that must not be
 *   returned to, such as the sign-in page.
 * @returns {string}
 */
export function safeReturnTo(value, { fallback = '/', not = [], parameter = 'returnTo' } = {}) {
  if (typeof value !== 'string' || value.length > MOST || !isPath(value)) return fallback;
  const url = new URL(value, HERE);
  // Some server or router between here and there may decode the path once more: `/.%2F/evil.example`.
  let path = url.pathname;
  for (let last = ''; path !== last; path = new URL(path, HERE).pathname) {
    if (!isPath(path)) return fallback;
    last = path;
    path = path.replace(/%([0-7][0-9a-f])/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (!isPath(path)) return fallback;
  }
  if (not.some((other) => path === other || path.startsWith(`${other}/`))) return fallback;
  // Carried once, never nested.
  if (url.searchParams.has(parameter)) url.searchParams.delete(parameter);
  return url.pathname + url.search + url.hash;
}

/** @param {string} text */
function isPath(text) {
  return text.startsWith('/') && !text.startsWith('//') && !NEVER.test(text);
}
