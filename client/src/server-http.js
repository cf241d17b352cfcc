/**
 * What a server does with requests of browsers and answers of Postern: read cookies, match routes, tell pages from what
 * scripts ask for, pass answers on whole.
 *
 * @module
 */

import { PosternError } from './errors.js';

/** @typedef {string | RegExp | ((path: string) => boolean)} Matcher `/docs` is that path, `/docs/*` all below it, too. */

/**
 * An answer as it came, every `Set-Cookie` for itself, without what belongs to the connection it came by.
 *
 * @param {Response} response
 * @returns {Response}
 */
export function pass(response) {
  const headers = new Headers();
  for (const [name, value] of response.headers) if (!HOP.includes(name)) headers.append(name, value);
  for (const cookie of response.headers.getSetCookie()) headers.append('set-cookie', cookie);
  if (headers.has('set-cookie')) headers.set('cache-control', 'private, no-store');
  const isEmpty = [101, 204, 205, 304].includes(response.status);
  return new Response(isEmpty ? null : response.body, { status: response.status, headers });
}

/**
 * Whether a path is one of these; made for what is open to all. Compared as it is and decoded, and both must match: a path
 * that can be read in two ways is none of them.
 *
 * @param {readonly Matcher[]} matchers
 * @returns {(path: string) => boolean}
 */
export function routeMatcher(matchers) {
  /** @param {Matcher} matcher @param {string} path */
  const matches = (matcher, path) => {
    if (typeof matcher === 'function') return matcher(path);
    if (matcher instanceof RegExp) return new RegExp(matcher.source, matcher.flags.replace(/[gy]/g, '')).test(path);
    const below = matcher.endsWith('/*') ? matcher.slice(0, -1) : null;
    return path === matcher || (below !== null && (path.startsWith(below) || path === below.slice(0, -1)));
  };
  return (path) => matchers.some((matcher) => matches(matcher, path) && matches(matcher, plainPath(path)));
}

/** Of one connection, or no longer true of a body that `fetch` has unpacked; cookies are handled one by one. */
const HOP = ['connection', 'content-encoding', 'content-length', 'keep-alive', 'set-cookie', 'transfer-encoding'];

/** @param {string} path */
function plainPath(path) {
  try {
    return new URL(decodeURIComponent(path).replace(/\\/g, '/').replace(/^\/+/, '/'), 'https://here.invalid').pathname;
  } catch {
    return '';
  }
}

/** A path of Postern; never another host, however the path is written. @param {URL} base @param {string} path */
export const at = (base, path) => base.origin + base.pathname.replace(/\/$/, '') + path;

/** @param {Headers} headers @returns {[string, string][]} */
export function cookiesOf(headers) {
  const pairs = (headers.get('cookie') ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.map(([name = '', ...value]) => [name, value.join('=')]);
}

/** @param {Headers} headers */
export function ownCookies(headers) {
  const own = cookiesOf(headers).filter(([name]) => /^(__Host-|__Secure-)?postern_v\d+_/.test(name));
  return own.map((pair) => pair.join('=')).join('; ');
}

/**
 * Whether a person opens a page. Next.js hides its own headers from proxies, but browsers say what they want a thing for.
 *
 * @param {Request} request
 */
export function isDocument({ method, headers }) {
  const target = headers.get('sec-fetch-dest');
  const isPage = target ? /^(document|i?frame)$/.test(target) : (headers.get('accept') ?? '').includes('text/html');
  const isPrefetch = `${headers.get('purpose')} ${headers.get('sec-purpose')}`.includes('prefetch');
  return method === 'GET' && isPage && !isPrefetch;
}

/**
 * @template T
 * @param {number} ms
 * @param {(signal: AbortSignal) => Promise<T>} run
 * @returns {Promise<T>} Rejects with a `PosternError`.
 */
export async function within(ms, run) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  try {
    return await run(controller.signal);
  } catch (cause) {
    throw new PosternError(controller.signal.aborted ? 'timeout' : 'network', { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** @param {string} location A path of this site. */
export function redirect(location) {
  return new Response(null, { status: 307, headers: { location, 'cache-control': 'private, no-store' } });
}

/** @param {number} status @param {string} code @param {Record<string, string>} [more] */
export function refuse(status, code, more = {}) {
  const body = JSON.stringify({ type: `urn:postern:problem:${code}`, title: code, status, code });
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'private, no-store', ...more };
  return new Response(body, { status, headers });
}
