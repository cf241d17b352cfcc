// What the verifying scripts share: where the keys are, the tokens from stdin, one line per token, the sum.
// Knows no JWT library.

import { text } from "node:stream/consumers";

// Reads the issuer's discovery document, the way any client would.
async function discover(issuer) {
  const url = `${issuer}/.well-known/openid-configuration`;
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  const document = await response.json();
  if (document.issuer !== issuer) throw new Error(`${url} names the issuer ${document.issuer}, not ${issuer}`);
  const algorithms = document.id_token_signing_alg_values_supported;
  if (!algorithms?.length || !algorithms.every((name) => name === "RS256" || name === "ES256")) {
    throw new Error(`${url} names the algorithms ${JSON.stringify(algorithms)}`);
  }
  return { jwksUri: document.jwks_uri, algorithms };
}

// Runs one library over all tokens. `prepare({issuer, audience, jwksUri, algorithms})` gives `verify(token)`, which gives
// the claims or throws; `isVerdict(error)` tells a refused token from keys that could not be fetched.
export async function main({ prepare, isVerdict }) {
  let passed = 0;
  let failed = 0;
  const report = (ok, line) => {
    ok ? passed++ : failed++;
    console.log(`${ok ? "ok  " : "FAIL"} ${line}`);
  };

  try {
    const [issuer, audience] = process.argv.slice(2);
    if (!issuer || !audience) throw new Error(`usage: ${process.argv[1]} <issuer> <audience> < tokens.json`);
    const { good, bad } = JSON.parse(await text(process.stdin));
    if (!good?.length) throw new Error("no good token was given: then refusing everything would pass");
    const verify = await prepare({ issuer, audience, ...(await discover(issuer)) });

    for (const [index, token] of good.entries()) {
      try {
        const { sub, exp } = await verify(token);
        report(sub && exp, `good ${index + 1}: sub=${sub} exp=${exp}`);
      } catch (error) {
        report(false, `good ${index + 1}: refused: ${describe(error)}`);
      }
    }
    for (const { name, token } of bad ?? []) {
      try {
        const { sub } = await verify(token);
        report(false, `bad, ${name}: accepted, sub=${sub}`);
      } catch (error) {
        report(isVerdict(error), `bad, ${name}: ${isVerdict(error) ? "refused" : "not judged"}: ${describe(error)}`);
      }
    }
  } catch (error) {
    report(false, describe(error));
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}

function describe(error) {
  const parts = [error.code ?? error.constructor.name, error.message, error.cause?.message];
  return parts.filter(Boolean).join(": ");
}
