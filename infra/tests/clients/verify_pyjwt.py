"""Our access tokens, verified by PyJWT, as its documentation says: PyJWKClient, issuer, audience, algorithms.

Usage: python verify_pyjwt.py <issuer> <audience> < {"good": [token...], "bad": [{"name", "token"}...]}

PyJWT has no option for `typ`; that check stands here.
"""

import json
import sys
import urllib.request

import jwt
from jwt.exceptions import InvalidTokenError, PyJWKClientConnectionError, PyJWKClientError

REQUIRED = ["iss", "aud", "sub", "exp", "iat", "jti", "client_id"]  # by RFC 9068


def discover(issuer):
    """Reads the issuer's discovery document, the way any client would: where the keys are, and which algorithms."""
    url = f"{issuer}/.well-known/openid-configuration"
    with urllib.request.urlopen(url, timeout=5) as response:
        document = json.load(response)
    if document["issuer"] != issuer:
        raise ValueError(f"{url} names the issuer {document['issuer']}, not {issuer}")
    algorithms = document["id_token_signing_alg_values_supported"]
    if not algorithms or not set(algorithms) <= {"RS256", "ES256"}:
        raise ValueError(f"{url} names the algorithms {algorithms}")
    return document["jwks_uri"], algorithms


def verify(token, keys, issuer, audience, algorithms):
    """Gives the claims of a token, or raises."""
    key = keys.get_signing_key_from_jwt(token)
    options = {"require": REQUIRED}
    decoded = jwt.decode_complete(token, key, algorithms, issuer=issuer, audience=audience, options=options)
    if decoded["header"].get("typ") != "at+jwt":
        raise InvalidTokenError(f"typ is {decoded['header'].get('typ')}")
    return decoded["payload"]


class Report:
    """Counts, and prints one line each."""

    passed = failed = 0

    def line(self, is_ok, text):
        self.passed, self.failed = self.passed + is_ok, self.failed + (not is_ok)
        print("ok  " if is_ok else "FAIL", text)


def check(report, issuer, audience, tokens):
    """Judges every token."""
    if not tokens["good"]:
        raise ValueError("no good token was given: then refusing everything would pass")
    jwks_uri, algorithms = discover(issuer)
    keys = jwt.PyJWKClient(jwks_uri, timeout=5)
    for number, token in enumerate(tokens["good"], 1):
        try:
            claims = verify(token, keys, issuer, audience, algorithms)
            report.line(True, f"good {number}: sub={claims['sub']} exp={claims['exp']}")
        except Exception as error:
            report.line(False, f"good {number}: refused: {type(error).__name__}: {error}")
    for bad in tokens.get("bad", []):
        try:
            claims = verify(bad["token"], keys, issuer, audience, algorithms)
            report.line(False, f"bad, {bad['name']}: accepted, sub={claims['sub']}")
        except Exception as error:
            # Keys that could not be fetched are no verdict on a token.
            is_verdict = isinstance(error, (InvalidTokenError, PyJWKClientError))
            is_verdict = is_verdict and not isinstance(error, PyJWKClientConnectionError)
            what = "refused" if is_verdict else "not judged"
            report.line(is_verdict, f"bad, {bad['name']}: {what}: {type(error).__name__}: {error}")


def main():
    report = Report()
    try:
        _, issuer, audience = sys.argv
        check(report, issuer, audience, json.load(sys.stdin))
    except Exception as error:
        report.line(False, f"{type(error).__name__}: {error}")
    print(f"{report.passed} passed, {report.failed} failed")
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
