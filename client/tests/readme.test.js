/** What README.md shows works: the package is made and installed as it says, then its code is compiled and run there. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CLIENT = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const readme = await readFile(join(CLIENT, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({ language, code }));

const CONFIG = {
  compilerOptions: {
    target: 'ES2022', module: 'ESNext', moduleResolution: 'bundler', jsx: 'react-jsx', strict: true, noEmit: true, types: [],
    lib: ['ES2023', 'DOM', 'DOM.Iterable'], noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true,
  },
  include: ['**/*.ts', '**/*.tsx'],
};
/** What the examples need of Next.js. */
const NEXT = `
declare module 'next/headers' { export function headers(): Promise<Headers>; }
declare module 'next/navigation' { export function redirect(url: string): never; }
`;

let app = '';
before(async () => {
  app = await mkdtemp(join(tmpdir(), 'postern-readme-'));
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', app], { cwd: CLIENT });
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(app, stdout.trim())], { cwd: app });
  for (const name of ['react', '@types', 'csstype']) {
    await symlink(join(CLIENT, 'node_modules', name), join(app, 'node_modules', name));
  }
  await writeFile(join(app, 'tsconfig.json'), JSON.stringify(CONFIG));
  await writeFile(join(app, 'next.d.ts'), NEXT);
  for (const { language, code } of blocks.filter(({ language }) => language !== 'sh')) {
    const name = /^\/\/ ([^\s,:]+)/.exec(code)?.[1];
    assert.ok(name, `a block of ${language} begins with the name of its file`);
    await mkdir(dirname(join(app, name)), { recursive: true });
    await writeFile(join(app, name), code);
  }
});
after(() => rm(app, { recursive: true, force: true }));

test('its commands are those that have just been run', () => {
  const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.trim().split('\n'));
  assert.deepEqual(lines.map((line) => line.replace(/\s*#.*/, '')), [
    'npm ci && npm pack', 'npm install ../postern/client/postern-0.1.0.tgz',
  ]);
});

test('the package holds sources, declarations and this README, and nothing else', async () => {
  const root = join(app, 'node_modules/postern');
  assert.deepEqual((await readdir(root)).sort(), ['README.md', 'package.json', 'src', 'types']);
  const { exports, dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  assert.equal(dependencies, undefined);
  for (const target of Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? entry : Object.values(entry)))) {
    await readFile(join(root, target));
  }
});

test('its examples compile against the installed package, strictly', async () => {
  const kinds = new Set(blocks.map(({ language }) => language));
  assert.deepEqual(kinds, new Set(['sh', 'ts', 'tsx', 'js']), 'a new kind of block needs a check here');
  const tsc = join(CLIENT, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', app]).catch((error) => error);
  assert.equal(stdout, '');
});

test('its test passes', async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await run(process.execPath, ['--test', 'orders.test.js'], { cwd: app, env });
  assert.match(stdout, /^# pass 1$/m);
});

test('its table of errors, the type, and docs/errors.md name the same codes', async () => {
  const source = await readFile(join(CLIENT, 'src/errors.js'), 'utf8');
  const union = source.slice(source.indexOf('@typedef'), source.indexOf('ErrorCode */'));
  const typed = new Set([...union.matchAll(/'([a-z_]+)'/g)].map(([, code]) => code));
  const table = readme.slice(readme.indexOf('## Errors'), readme.indexOf('## What happens'));
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  for (const code of rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1]))) {
    assert.ok(typed.has(code), `README.md names ${code}, src/errors.js does not`);
  }
  const docs = await readFile(join(CLIENT, '../docs/errors.md'), 'utf8');
  for (const [, code] of docs.matchAll(/^\| `(\w+)` \| \d+ \|/gm)) {
    assert.ok(typed.has(code), `docs/errors.md names ${code}: add it to ErrorCode in src/errors.js`);
  }
});
