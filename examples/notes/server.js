/**
 * An app's own server: the page, the SDK's modules, and an API that only signed-in people may call. No framework, so that what
 * concerns Postern is all there is to see: `serverAuth.getSession` in `notes`, and the check of the origin.
 */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServerAuth } from 'postern/next';

const POSTERN = process.env.POSTERN_URL ?? 'http://localhost:4000';
const PORT = Number(process.env.PORT ?? 3000);
const ORIGIN = process.env.ORIGIN ?? `http://localhost:${PORT}`;

const serverAuth = createServerAuth({ baseUrl: POSTERN });

/** The SDK's modules, as they are: a browser needs no bundler for them. */
const SDK = new URL('.', import.meta.resolve('postern'));
const PUBLIC = new URL('public/', import.meta.url);
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css' };

/** Each person's notes, by user id. A real app has a database. @type {Map<string, string[]>} */
const notesOf = new Map();

/** `/api/notes`. @param {import('node:http').IncomingMessage} request @returns {Promise<[number, unknown]>} */
async function notes(request) {
  // Cookies come along from every page of the same site: what changes something must come from our own.
  if (request.method === 'POST' && request.headers.origin !== ORIGIN) return [403, { code: 'forbidden' }];
  const { data: session, error } = await serverAuth.getSession(new Headers(/** @type {any} */ (request.headers)));
  // Nobody knows: not the same as "nobody is signed in", and the SDK does not sign people out for it.
  if (error) return [503, { code: 'unavailable' }];
  if (!session) return [401, { code: 'unauthenticated' }];

  const mine = notesOf.get(session.userId) ?? [];
  if (request.method === 'GET') return [200, { notes: mine }];
  if (request.method !== 'POST') return [405, { code: 'method_not_allowed' }];
  const { text } = JSON.parse(await bodyOf(request));
  if (typeof text !== 'string' || !text.trim()) return [422, { code: 'validation' }];
  notesOf.set(session.userId, [...mine, text.trim()]);
  return [201, { notes: notesOf.get(session.userId) }];
}

/** @param {import('node:http').IncomingMessage} request */
async function bodyOf(request) {
  let text = '';
  for await (const part of request) {
    text += part;
    if (text.length > 10_000) throw new Error('too large');
  }
  return text;
}

/** A file of the page. Every path that is no file is the page itself, which looks at its address. @param {string} path */
async function file(path) {
  const [, folder, name] = /^\/(sdk\/)?([\w-]+(?:\/[\w-]+)*\.(?:js|css))$/.exec(path) ?? [];
  if (name) return { body: await readFile(new URL(name, folder ? SDK : PUBLIC)), type: TYPES[/** @type {'js'} */ (name.split('.').pop())] };
  const page = await readFile(new URL('index.html', PUBLIC), 'utf8');
  return { body: page.replace('%POSTERN%', POSTERN), type: TYPES.html };
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? '/', ORIGIN);
  response.setHeader('x-content-type-options', 'nosniff');
  try {
    if (pathname === '/api/notes') {
      const [status, body] = await notes(request);
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'private, no-store' });
      return response.end(JSON.stringify(body));
    }
    const { body, type } = await file(pathname);
    response.writeHead(200, {
      'content-type': type,
      // The page calls Postern and its own API, and runs nothing but its files. Tokens of mails do not leave in `Referer`.
      'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ${POSTERN}; form-action 'none'; frame-ancestors 'none'; base-uri 'none'`,
      'referrer-policy': 'no-referrer',
    });
    response.end(body);
  } catch (error) {
    const isAbsent = /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT';
    if (!isAbsent) console.error(error);
    response.writeHead(isAbsent ? 404 : 400).end();
  }
});

server.listen(PORT, () => console.log(`Notes: ${ORIGIN}, with Postern at ${POSTERN}`));
