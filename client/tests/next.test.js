/** The proxy, the session of a request, and the handler that passes requests on. */

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { createServerAuth, pass, routeMatcher } from '../src/next.js';
import { createWorld, KIM } from '../src/testing.js';

const PAGE = { 'sec-fetch-dest': 'document', 'user-agent': 'Firefox' };

/** @param {Partial<import('../src/next.js').ServerOptions>} [options] */
function site(options = {}) {
  const world = createWorld();
  /** @type {Request[]} */
  const asked = [];
  const auth = createServerAuth({
    baseUrl: world.authOrigin,
    publicRoutes: ['/', '/docs/*'],
    fetch: (request) => {
      asked.push(request);
      return world.fetch(request);
    },
    ...options,
  });
  const family = world.server.startSession(KIM.email);
  const access = `postern_v1_access=a.${family.id}.${world.clock.now() + 900_000}.0`;
  const refresh = `postern_v1_refresh=r.${family.id}.0`;
  /** @param {string} path @param {Record<string, string>} [headers] @param {string} [method] */
  const get = (path, headers = PAGE, method = 'GET') =>
    auth.proxy(new Request(new URL(path, world.appOrigin), { headers, method }));
  return { ...world, auth, asked, family, access, refresh, get };
}

/** @param {Response | undefined} response */
const summary = (response) => [response?.status, response?.headers.get('location'), response?.headers.get('cache-control')];

test('who has a session passes, and Postern is asked with HEAD and our cookies only', async () => {
  const { get, access, asked } = site();
  assert.equal(await get('/dashboard', { ...PAGE, cookie: `theme=dark; ${access}; _ga=GA1` }), undefined);
  assert.deepEqual(asked.map(({ method, url }) => `${method} ${url}`), ['HEAD https://auth.example.com/auth/verify-token']);
  assert.equal(asked[0]?.headers.get('cookie'), access);
  assert.equal(asked[0]?.headers.get('user-agent'), 'Firefox');
});

test('public routes pass without asking', async () => {
  const { get, asked } = site();
  for (const path of ['/', '/docs', '/docs/a/b', '/sign-in', '/sign-in/mfa', '/_next/static/x.js', '/favicon.ico']) {
    assert.equal(await get(path), undefined, path);
  }
  assert.deepEqual(asked, []);
});

test('everything else is protected, however the path is written', async () => {
  const { get } = site();
  for (const path of [
    '/dashboard', '/docs-internal', '/Docs', '/docs/../dashboard', '/docs/%2e%2e/dashboard', '/docs/..%2fdashboard',
    '/docs/%2e%2e%2fdashboard', '/docs%2f..%2fdashboard', '/_next/static/..%2f..%2fdashboard', '/_next/data/x/dashboard.json',
    '/docs/..%5cdashboard', '/%2fdashboard', '/sign-in%2f..%2fdashboard', '/docs/%zz',
  ]) {
    assert.equal((await get(path))?.status, 307, path);
  }
});

test('who has none is sent to resume, with a way back, and no cache may keep that', async () => {
  const { get } = site();
  assert.deepEqual(summary(await get('/dashboard?tab=2')), [
    307, '/auth/resume?returnTo=%2Fdashboard%3Ftab%3D2', 'private, no-store',
  ]);
  assert.deepEqual(summary(await get('/auth/resume?returnTo=%2Fdashboard%3Ftab%3D2')), [
    307, '/sign-in?returnTo=%2Fdashboard%3Ftab%3D2', 'private, no-store',
  ]);
});

test('resume refreshes by the cookie that only /auth gets, and hands every new cookie over, one by one', async () => {
  const { get, refresh, clock, asked, family } = site();
  await clock.advance(20 * 60_000);
  const response = await get('/auth/resume?returnTo=%2Fdashboard', { ...PAGE, cookie: refresh });
  assert.deepEqual(summary(response), [307, '/dashboard', 'private, no-store']);
  const cookies = response?.headers.getSetCookie() ?? [];
  assert.deepEqual(cookies.map((cookie) => cookie.split('=')[0]), ['postern_v1_access', 'postern_v1_refresh', 'postern_resumed']);
  assert.ok(cookies.every((cookie) => cookie.includes('HttpOnly')));
  assert.deepEqual(asked.map(({ method, url }) => `${method} ${new URL(url).pathname}`), ['GET /auth/csrf', 'POST /auth/refresh']);
  assert.ok(asked.every(({ headers }) => headers.get('user-agent') === 'Firefox'), 'CSRF tokens are bound to it');
  assert.equal(family.generation, 1);
  const access = cookies[0]?.split(';')[0] ?? '';
  assert.equal(await get('/dashboard', { ...PAGE, cookie: access }), undefined);
});

test('a session that is over goes to sign-in, and its cookies are taken back', async () => {
  const { get, refresh, server, family } = site();
  server.endSession(family.id);
  const response = await get('/auth/resume?returnTo=%2Fdashboard', { ...PAGE, cookie: refresh });
  assert.deepEqual(summary(response), [307, '/sign-in?returnTo=%2Fdashboard', 'private, no-store']);
  assert.deepEqual(response?.headers.getSetCookie().map((cookie) => cookie.includes('Max-Age=0')), [true, true]);
});

test('cookies that do not stay lead to sign-in, not in circles', async () => {
  const { get } = site();
  const response = await get('/dashboard', { ...PAGE, cookie: 'postern_resumed=1' });
  assert.equal(response?.headers.get('location'), '/sign-in?returnTo=%2Fdashboard');
});

test('scripts, prefetches and forms are answered 401, never sent elsewhere, and open nothing', async () => {
  const { get } = site();
  /** @type {Record<string, string>[]} */
  const cases = [
    { 'sec-fetch-dest': 'empty' },
    { 'sec-fetch-dest': 'document', 'sec-purpose': 'prefetch;prerender' },
    { 'sec-fetch-dest': 'document', purpose: 'prefetch' },
    { accept: '*/*' },
    { 'next-router-prefetch': '1' },
    { 'x-middleware-subrequest': 'middleware:middleware:middleware:middleware:middleware' },
  ];
  for (const headers of cases) {
    const response = await get('/dashboard', headers);
    assert.deepEqual([response?.status, response?.headers.get('cache-control')], [401, 'private, no-store'], JSON.stringify(headers));
  }
  assert.equal((await get('/dashboard', PAGE, 'POST'))?.status, 401);
  assert.equal((await get('/auth/resume', { 'sec-fetch-dest': 'image' }))?.status, 401);
  assert.equal((await get('/dashboard', { accept: 'text/html,*/*' }))?.status, 307, 'a browser without Sec-Fetch');
});

test('while Postern cannot be asked, protected pages answer 503, and nobody is sent to sign in', async () => {
  const answers = [
    async () => new Response(null, { status: 503, headers: { 'retry-after': '7' } }),
    async () => new Response(null, { status: 500 }),
    async () => new Response(null, { status: 429 }),
    async () => Promise.reject(new TypeError('fetch failed')),
    (/** @type {Request} */ { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  ];
  for (const fetch of answers) {
    const { get, access } = site({ fetch: /** @type {any} */ (fetch), timeoutMs: 20 });
    const response = await get('/dashboard', { ...PAGE, cookie: access });
    assert.equal(response?.status, 503);
    assert.ok(Number(response?.headers.get('retry-after')) > 0);
    assert.equal((await get('/auth/resume', { ...PAGE, cookie: access }))?.status, 503);
  }
  const onUnavailable = () => new Response('soon', { status: 503 });
  const { get, access } = site({ fetch: async () => new Response(null, { status: 503 }), onUnavailable });
  assert.equal(await (await get('/dashboard', { ...PAGE, cookie: access }))?.text(), 'soon');
});

test('a refresh that another page is just making is waited for; one that got lost is asked for again', async (t) => {
  t.after(() => mock.timers.reset());
  mock.timers.enable({ apis: ['setTimeout'] });
  for (const first of [409, 503, 0]) {
    let tries = 0;
    const { get, refresh, fetch } = site({
      fetch: async (request) => {
        if (!request.url.endsWith('/refresh') || tries++ > 0) return fetch(request);
        if (!first) throw new TypeError('fetch failed');
        return new Response(null, { status: first, headers: { 'retry-after': '1' } });
      },
    });
    const answered = get('/auth/resume?returnTo=%2Fa', { ...PAGE, cookie: refresh });
    for (let i = 0; i < 50; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      mock.timers.tick(100);
    }
    assert.equal((await answered)?.headers.get('location'), '/a');
    assert.equal(tries, 2);
  }
});

test('where to return to is never another site, and never sign-in or resume', async () => {
  const { get, refresh, auth } = site();
  for (const value of ['//evil.example', 'https://evil.example', '/\\evil.example', '/.%2F/evil.example', '/auth/resume', '/sign-in']) {
    const path = `/auth/resume?returnTo=${encodeURIComponent(value)}`;
    assert.equal((await get(path, { ...PAGE, cookie: refresh }))?.headers.get('location'), '/', value);
    assert.equal(auth.signInUrl(value), '/sign-in?returnTo=%2F');
  }
  const nested = await get('/dashboard?returnTo=%2Fother&a=1');
  assert.equal(nested?.headers.get('location'), '/auth/resume?returnTo=%2Fdashboard%3Fa%3D1');
  const slashes = await get('//evil.example/x');
  assert.ok(slashes === undefined || slashes.headers.get('location')?.startsWith('/auth/resume?returnTo=%2F'));
});

test('the session of a request', async () => {
  const { auth, access, refresh, server, family } = site();
  const found = await auth.getSession(new Headers({ cookie: access }));
  assert.deepEqual([found.data?.id, found.data?.userId, found.data?.expiresAt], [family.id, family.account.id, null]);
  assert.deepEqual(await auth.getSession(new Request('https://app.example.com', {})), { data: null, error: null });
  assert.deepEqual(await auth.getSession(new Headers({ cookie: refresh })), { data: null, error: null });
  server.endSession(family.id);
  assert.deepEqual(await auth.getSession(new Headers({ cookie: access })), { data: null, error: null });
  const down = site({ fetch: async () => new Response('<h1>down</h1>', { status: 502 }) });
  assert.equal((await down.auth.getSession(new Headers({ cookie: access }))).error?.code, 'unavailable');
  const portal = site({ fetch: async () => new Response('<h1>hello</h1>') });
  assert.equal((await portal.auth.getSession(new Headers({ cookie: access }))).error?.code, 'bad_answer');
});

test('forward passes a sign-in through: status, body, every cookie', async () => {
  const { auth, appOrigin } = site();
  const headers = { 'content-type': 'application/json', origin: appOrigin, cookie: 'theme=dark', host: 'evil.example' };
  const body = JSON.stringify({ email: KIM.email, password: KIM.password });
  const response = await auth.forward(new Request(`${appOrigin}/auth/login`, { method: 'POST', headers, body }));
  assert.equal(response.status, 200);
  assert.equal((await response.json()).status, 'complete');
  assert.equal(response.headers.getSetCookie().length, 2);
  assert.equal(response.headers.get('cache-control'), 'private, no-store');
  const wrong = JSON.stringify({ email: KIM.email, password: 'x' });
  const refused = await auth.forward(new Request(`${appOrigin}/auth/login`, { method: 'POST', headers, body: wrong }));
  assert.deepEqual([refused.status, (await refused.json()).code], [401, 'invalid_credentials']);
});

test('forward reaches Postern and only what is meant for browsers there', async () => {
  const { auth, appOrigin, asked } = site();
  for (const path of [
    '/admin/users', '/auth', '/authx/login', '/auth/..%2fadmin', '/auth/%2e%2e/admin', '//evil.example/auth/login', '/user/..;/admin',
    '/auth/@evil.example/', '/auth//evil.example',
  ]) {
    assert.equal((await auth.forward(new Request(appOrigin + path))).status, 404, path);
  }
  assert.equal(asked.length, 0);
  await auth.forward(new Request(`${appOrigin}/auth/logout?all=true`, { method: 'POST' }));
  assert.equal(asked[0]?.url, 'https://auth.example.com/auth/logout?all=true');
});

test('pass keeps several cookies apart and drops what belongs to a connection', async () => {
  const headers = new Headers({ 'content-encoding': 'gzip', 'content-length': '3', 'retry-after': '2', 'clear-site-data': '"cache"' });
  const dates = 'a=1; Expires=Wed, 21 Oct 2027 07:28:00 GMT; Path=/';
  headers.append('set-cookie', dates);
  headers.append('set-cookie', 'b=2; Path=/auth');
  const passed = pass(new Response('abc', { status: 429, headers }));
  assert.equal(passed.status, 429);
  assert.deepEqual(passed.headers.getSetCookie(), [dates, 'b=2; Path=/auth']);
  assert.deepEqual([passed.headers.get('content-encoding'), passed.headers.get('content-length')], [null, null]);
  assert.deepEqual([passed.headers.get('retry-after'), passed.headers.get('clear-site-data')], ['2', '"cache"']);
  assert.equal(pass(new Response(null, { status: 204 })).status, 204);
});

test('matchers', () => {
  const matches = routeMatcher(['/a', '/b/*', /^\/c\d$/g, (path) => path.endsWith('.png')]);
  const yes = ['/a', '/b', '/b/x', '/c1', '/c2', '/x/y.png'];
  const no = ['/', '/a/', '/a/x', '/bx', '/c', '/c12', '/b/../x', '/y.pn'];
  for (const path of [...yes, ...yes]) assert.ok(matches(path), path);
  for (const path of no) assert.ok(!matches(path), path);
});
