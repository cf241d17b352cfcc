/**
 * Writes `src/api.d.ts`, the types of the HTTP API, from `docs/openapi.json`: `npm run api`. A test holds one to the other. The
 * shape is that of openapi-typescript, so that openapi-fetch and its like take it; that package itself needs an older compiler.
 */

import { readFile, writeFile } from 'node:fs/promises';

/** @typedef {Record<string, any>} Json */

export const TARGET = new URL('../src/api.d.ts', import.meta.url);
const SOURCE = new URL('../../docs/openapi.json', import.meta.url);

/** @param {string} name */
const key = (name) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));
/** @param {string} text */
const indented = (text) => text.replaceAll('\n', '\n  ');
/** @param {string[]} lines */
const block = (lines) => (lines.length ? `{\n  ${lines.map(indented).join('\n  ')}\n}` : 'Record<string, never>');
/** @param {unknown} about */
const comment = (about) => (about ? `/** ${String(about).replaceAll('*/', '*\\/').replaceAll('\n\n', ' ')} */\n` : '');

/** @param {Json | boolean | undefined} schema @returns {string} */
function typeOf(schema) {
  if (!schema || schema === true) return 'unknown';
  if (schema.$ref) return schema.$ref.replace(/^#\/components\/(\w+)\/(.*)$/, "components['$1']['$2']");
  if (schema.allOf) return schema.allOf.map(typeOf).join(' & ');
  const options = schema.anyOf ?? schema.oneOf;
  if (options) {
    const union = options.map(typeOf).join(' | ');
    return schema.properties ? `(${union}) & ${objectOf(schema)}` : union;
  }
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((/** @type {unknown} */ value) => JSON.stringify(value)).join(' | ');
  if (Array.isArray(schema.type)) return schema.type.map((/** @type {string} */ type) => typeOf({ ...schema, type })).join(' | ');
  switch (schema.type) {
    case 'array': {
      const item = typeOf(schema.items);
      return /[|&]/.test(item) ? `(${item})[]` : `${item}[]`;
    }
    case 'integer':
      return 'number';
    case 'boolean':
    case 'null':
    case 'number':
    case 'string':
      return schema.type;
    default:
      return objectOf(schema);
  }
}

/** @param {Json} schema */
function objectOf(schema) {
  if (!schema.properties) return `Record<string, ${typeOf(schema.additionalProperties)}>`;
  const required = new Set(schema.required);
  return block(
    Object.entries(schema.properties).map(
      ([name, member]) => `${comment(member.description)}${key(name)}${required.has(name) ? '' : '?'}: ${typeOf(member)};`,
    ),
  );
}

/** @param {Json} content */
const contentOf = (content) => block(Object.entries(content).map(([type, { schema }]) => `${JSON.stringify(type)}: ${typeOf(schema)};`));

/** @param {Json} operation */
function operationOf({ parameters = [], requestBody, responses }) {
  const places = ['query', 'header', 'path', 'cookie'].map((place) => {
    const members = parameters.filter((/** @type {Json} */ parameter) => parameter.in === place);
    if (!members.length) return `${place}?: never;`;
    const lines = members.map(
      (/** @type {Json} */ { name, required, schema, description }) =>
        `${comment(description)}${key(name)}${required ? '' : '?'}: ${typeOf(schema)};`,
    );
    const isRequired = members.some((/** @type {Json} */ parameter) => parameter.required);
    return `${place}${isRequired ? '' : '?'}: ${block(lines)};`;
  });
  const answers = Object.entries(responses).map(([status, response]) => {
    if (response.$ref) return `${status}: ${typeOf(response)};`;
    return `${comment(response.description)}${status}: ${responseOf(response)};`;
  });
  const body = requestBody
    ? `requestBody${requestBody.required ? '' : '?'}: ${block([`content: ${contentOf(requestBody.content)};`])};`
    : 'requestBody?: never;';
  return block([`parameters: ${block(places)};`, body, `responses: ${block(answers)};`]);
}

/** @param {Json} response */
function responseOf({ headers = {}, content }) {
  const names = Object.keys(headers).map((name) => `${JSON.stringify(name)}: ${typeOf({ $ref: headers[name].$ref })};`);
  return block([`headers: ${block(names)};`, content ? `content: ${contentOf(content)};` : 'content?: never;']);
}

/** What `src/api.d.ts` must be. */
export async function types() {
  /** @type {Json} */
  const { paths, components } = JSON.parse(await readFile(SOURCE, 'utf8'));
  /** @type {string[]} */
  const operations = [];
  const routes = Object.entries(paths).map(([path, item]) => {
    const methods = Object.entries(item).map(([method, operation]) => {
      operations.push(`${comment(operation.summary)}${key(operation.operationId)}: ${operationOf(operation)};`);
      return `${comment(operation.summary)}${method}: operations['${operation.operationId}'];`;
    });
    return `${JSON.stringify(path)}: ${block(methods)};`;
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `${comment(schema.description)}${key(name)}: ${typeOf(schema)};`,
  );
  const headers = Object.entries(components.headers).map(
    ([name, header]) => `${comment(header.description)}${key(name)}${header.required ? '' : '?'}: ${typeOf(header.schema)};`,
  );
  const refusals = Object.entries(components.responses).map(
    ([name, response]) => `${comment(response.description)}${key(name)}: ${responseOf(response)};`,
  );
  const shared = { schemas: block(schemas), responses: block(refusals), headers: block(headers) };
  const all = { paths: block(routes), components: block(Object.entries(shared).map(([name, type]) => `${name}: ${type};`)), operations: block(operations) };
  const parts = Object.entries(all).map(([name, type]) => `export interface ${name} ${type}\n`);
  return `// Made from docs/openapi.json by \`npm run api\`. Do not edit.\n\n${parts.join('\n')}`;
}

if (process.argv[1] === import.meta.filename) await writeFile(TARGET, await types());
