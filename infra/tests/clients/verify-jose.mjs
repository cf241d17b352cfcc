// Our access tokens, verified by jose, as its documentation says: remote JWKS, issuer, audience, `typ`, algorithms.
// Usage: node verify-jose.mjs <issuer> <audience> < {"good": [token…], "bad": [{"name", "token"}…]}

import { createRemoteJWKSet, errors, jwtVerify } from "jose";

import { main } from "./client.mjs";

// Everything that jose throws is a verdict on the token, but for these.
const NO_VERDICT = ["ERR_JOSE_GENERIC", "ERR_JWKS_INVALID", "ERR_JWKS_TIMEOUT"];

await main({
  prepare: ({ issuer, audience, jwksUri, algorithms }) => {
    const keys = createRemoteJWKSet(new URL(jwksUri));
    // Names the claims that RFC 9068 requires.
    const requiredClaims = ["sub", "exp", "iat", "jti", "client_id"];
    const options = { issuer, audience, algorithms, typ: "at+jwt", requiredClaims };
    return async (token) => (await jwtVerify(token, keys, options)).payload;
  },
  isVerdict: (error) => error instanceof errors.JOSEError && !NO_VERDICT.includes(error.code),
});
