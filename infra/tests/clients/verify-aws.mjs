// Our access tokens, verified by AWS's own library, aws-jwt-verify, with its verifier for any issuer.
// Usage: node verify-aws.mjs <issuer> <audience> < {"good": [token…], "bad": [{"name", "token"}…]}
//
// Its own fetcher speaks https only, so the JWKS cache, which it owns otherwise, gets one that speaks http as well.
// It has no option for `typ` and `alg`, nor requires `exp`; those checks stand in its `customJwtCheck`.

import { JwtVerifier } from "aws-jwt-verify";
import { FetchError, JwksValidationError, JwkValidationError, JwtBaseError } from "aws-jwt-verify/error";
import { WaitPeriodNotYetEndedJwkError } from "aws-jwt-verify/error";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";

import { main } from "./client.mjs";

const NO_VERDICT = [FetchError, JwksValidationError, JwkValidationError, WaitPeriodNotYetEndedJwkError];

// Its own makes every unknown `kid` after the first wait for ten seconds: then none would be looked up.
const penaltyBox = { wait() {}, release() {}, registerFailedAttempt() {}, registerSuccessfulAttempt() {} };

class Refused extends JwtBaseError {}

const fetcher = {
  async fetch(uri) {
    const response = await fetch(uri, { signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new FetchError(uri, `status ${response.status}`);
    return response.arrayBuffer();
  },
};

await main({
  prepare: ({ issuer, audience, jwksUri, algorithms }) => {
    const customJwtCheck = ({ header, payload }) => {
      if (header.typ !== "at+jwt") throw new Refused(`typ is ${header.typ}`);
      if (!algorithms.includes(header.alg)) throw new Refused(`alg is ${header.alg}`);
      if (!payload.sub || !payload.exp) throw new Refused("sub or exp is missing");
    };
    const jwksCache = new SimpleJwksCache({ fetcher, penaltyBox });
    const verifier = JwtVerifier.create({ issuer, audience, jwksUri, customJwtCheck }, { jwksCache });
    return (token) => verifier.verify(token);
  },
  isVerdict: (error) => error instanceof JwtBaseError && !NO_VERDICT.some((kind) => error instanceof kind),
});
