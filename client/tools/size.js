/**
 * Prints what each entry weighs, minified and gzipped, and fails when one is over its limit.
 */

import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Kilobytes are 1,000 bytes. React is the app's own; the core is inside the others only where they import it. */
const ENTRIES = [
  { entry: 'index', limit: 6_000 },
  { entry: 'react', limit: 1_500 },
  { entry: 'next', limit: 3_500 },
];

let isOver = false;
for (const { entry, limit } of ENTRIES) {
  const { outputFiles } = await build({
    entryPoints: [new URL(`../src/${entry}.js`, import.meta.url).pathname],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    external: ['react'],
    legalComments: 'none',
    write: false,
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  const size = gzipSync(code, { level: 9 }).length;
  isOver ||= size > limit;
  console.log(`${entry.padEnd(6)} ${kilo(code.length)} minified ${kilo(size)} gzipped, limit ${kilo(limit)}`);
}
if (isOver) {
  console.error('size: over the limit');
  process.exitCode = 1;
}

/** @param {number} bytes */
function kilo(bytes) {
  return `${(bytes / 1000).toFixed(2).padStart(6)} kB`;
}
