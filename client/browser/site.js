/**
 * A web site with the SDK as it is, an API, and the fake Postern behind real HTTP. Its clock can be put forward.
 */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer } from '../src/testing/server.js';

/** @param {string} baseUrl */
const pageOf = (baseUrl) => `<!doctype html><title>SDK</title><script type="module">
import { createClient } from '/sdk/index.js';
globalThis.auth = createClient({ baseUrl: ${baseUrl} });
auth.subscribe(() => {});
</script>`;

/**
 * @param {{email: string, password: string, name: string}} person
 * @param {{port?: number, baseUrl?: string}} [where] Another Postern than the fake one.
 */
export async function startSite(person, { port = 0, baseUrl } = {}) {
  const page = pageOf(baseUrl ? JSON.stringify(baseUrl) : 'location.origin');
  let ahead = 0;
  let delay = 0;
  let refreshes = 0;
  const postern = createServer({ now: () => Date.now() + ahead });
  postern.addUser(person);

  const http = createHttp(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    let text = '';
    for await (const part of request) text += part;
    /** @param {string} type @param {string | Buffer} body */
    const send = (type, body) => response.setHeader('content-type', type).end(body);
    if (/^\/sdk\/[\w./-]+\.js$/.test(pathname)) {
      return send('text/javascript', await readFile(new URL(`../src/${pathname.slice(5)}`, import.meta.url)));
    }
    if (pathname === '/' || pathname === '/away') return send('text/html', pathname === '/' ? page : 'away');

    const pairs = (request.headers.cookie ?? '').split(/; */).map((pair) => pair.split('='));
    const cookies = new Map(pairs.map(([name = '', value = '']) => [name, value]));
    if (pathname.startsWith('/api/')) {
      response.statusCode = postern.isAuthorized(cookies) ? 200 : 401;
      return send('text/plain', text);
    }
    if (pathname === '/auth/refresh') {
      refreshes++;
      await new Promise((resolve) => void setTimeout(resolve, delay));
    }
    const method = request.method ?? 'GET';
    const header = (/** @type {string} */ name) => /** @type {string | undefined} */ (request.headers[name]) ?? null;
    const body = text ? JSON.parse(text) : null;
    const answer = postern.answer({ method, path: pathname, query: searchParams, cookies, header, body });
    const set = answer.cookies.map((c) => `${c.name}=${c.value}; Path=${c.path}; Max-Age=${c.maxAge}; HttpOnly; SameSite=Lax`);
    response.writeHead(answer.status, { ...answer.headers, 'cache-control': 'no-store', 'set-cookie': set });
    response.end(answer.body === null ? undefined : JSON.stringify(answer.body));
  });
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  const taken = typeof address === 'object' ? address?.port : '';

  return {
    origin: `http://localhost:${taken}`,
    /** Puts the server's clock forward: tokens end, the browser knows nothing of it. @param {number} minutes */
    advance(minutes) {
      ahead += minutes * 60_000;
      refreshes = 0;
    },
    /** @param {number} ms */
    delayRefresh(ms) {
      delay = ms;
    },
    refreshes: () => refreshes,
    replays: () => postern.replays,
    close: () => void http.close(),
  };
}
