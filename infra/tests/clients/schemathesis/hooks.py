"""How schemathesis signs in, stays below the limits on attempts, and gets to the answers that need more than a fitting body.

Its calls go to a running local stack with sample accounts. Every call comes from another address, as far as the stack knows:
limits on one caller have tests of their own, and here they would answer everything.
"""

import atexit
import ipaddress
import itertools
import os
import re
import time

import requests
import schemathesis

PASSWORD = "a small door in a large wall"
USER = "ada@example.com"
ADMIN = "admin@example.com"
ACCESS = "postern_v1_access"

# These end the session that they are called with, or count its account's wrong passwords. So many calls share an account: a
# browser may sign in only so often, even if an account knows it.
OWN_ACCOUNT = {"signOut": 20, "endOtherSessions": 20, "changePassword": 3}
# These may end a session that others are called with.
ENDING = {"endSession", "endSessionOf"}

addresses = map(str, map(ipaddress.IPv4Address, itertools.count(int(ipaddress.IPv4Address("10.0.0.1")))))
newcomers = (f"newcomer{number}@example.com" for number in itertools.count())
# A browser for each account: wrong passwords from elsewhere lock an account, but not for a browser that it knows.
browsers = {USER: requests.Session(), ADMIN: requests.Session()}


def send(operation, method, path, body=None, browser=requests, headers={}):
    url = operation.base_url.rstrip("/") + path
    headers = {"X-Local-Source-Ip": next(addresses), **headers}
    answer = browser.request(method, url, json=body, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer


def sign_in(operation, email, browser):
    send(operation, "POST", "/auth/login", {"email": email, "password": PASSWORD}, browser)
    return browser.cookies[ACCESS]


def sign_up(operation):
    """A new account's address, and the token of the mail to it."""
    email = next(newcomers)
    send(operation, "POST", "/auth/signup", {"email": email, "password": PASSWORD, "name": "Kim"})
    return email, mailed(operation, email)


def mailed(operation, email, page="verify-email"):
    """The token of the newest link to a page. Mail is sent after the answer."""
    for _ in range(100):
        for mail in send(operation, "GET", f"/_local/mail.json?to={email}").json():
            if found := re.search(page + r"\?token=([\w-]+)", mail["text"]):
                return found.group(1)
        time.sleep(0.05)
    raise TimeoutError(f"no mail to {email} with a link to {page}")


def verified(operation):
    email, token = sign_up(operation)
    send(operation, "POST", "/auth/verify-email", {"token": token})
    return email


def operation_id(operation):
    return operation.definition.raw.get("operationId")


@schemathesis.hook
def before_call(context, case, kwargs):
    case.headers["X-Local-Source-Ip"] = next(addresses)


# By operation: whether it has succeeded so far.
succeeded: dict[str, bool] = {}


@schemathesis.hook
def after_call(context, case, response):
    name = operation_id(case.operation)
    is_good = response.status_code < 300
    succeeded[name] = succeeded.get(name, False) or is_good
    if name in ENDING and is_good:
        for browser in browsers.values():
            browser.cookies.set(ACCESS, None)


@atexit.register
def all_have_succeeded():
    """An operation that is only ever refused has not been looked at."""
    never = sorted(name for name, has in succeeded.items() if not has)
    print(f"operations: {len(succeeded)} called, never successful: {', '.join(never) or 'none'}", flush=True)
    if never or not succeeded:
        os._exit(1)


@schemathesis.auth(refresh_interval=None)
class SignedIn:
    """A bearer token for every call. What does not ask for one must bear it."""

    def __init__(self):
        # By operation: address, browser, and how many calls the account is good for.
        self.own = {}

    def get(self, case, context):
        operation = context.operation
        name = operation_id(operation)
        if name not in OWN_ACCOUNT:
            email = ADMIN if operation.path.startswith("/admin/") else USER
            browser = browsers[email]
            return browser.cookies.get(ACCESS) or sign_in(operation, email, browser)
        email, browser, left = self.own.get(name, (None, None, 0))
        if not left:
            email, browser, left = verified(operation), requests.Session(), OWN_ACCOUNT[name]
        self.own[name] = (email, browser, left - 1)
        return sign_in(operation, email, browser)

    def set(self, case, token, context):
        case.headers["Authorization"] = f"Bearer {token}"


def reset_token(operation):
    email = verified(operation)
    send(operation, "POST", "/auth/password/forgot", {"email": email})
    return mailed(operation, email, "reset-password")


def unlock_token(operation):
    email = verified(operation)
    for _ in range(5):
        try:
            send(operation, "POST", "/auth/login", {"email": email, "password": "wrong"})
        except requests.HTTPError:
            pass
    return mailed(operation, email, "unlock")


def granted(operation, email):
    body = {"email": email, "password": PASSWORD, "tokenDelivery": "body"}
    return send(operation, "POST", "/auth/login", body).json()


def refresh_token(operation):
    return granted(operation, verified(operation))["refreshToken"]


def bearing(token):
    return {"Authorization": f"Bearer {token}"}


def change_password(operation):
    token = sign_in(operation, verified(operation), requests.Session())
    return {"headers": bearing(token), "body": {"currentPassword": PASSWORD, "newPassword": "ten calm ladders"}}


def end_session(operation):
    email = verified(operation)
    here, elsewhere = granted(operation, email), granted(operation, email)
    return {"headers": bearing(here["accessToken"]), "path_parameters": {"id": elsewhere["session"]["id"]}}


def end_session_of(operation):
    session = granted(operation, verified(operation))["session"]
    path = {"userId": session["userId"], "sessionId": session["id"]}
    return {"headers": bearing(granted(operation, ADMIN)["accessToken"]), "path_parameters": path}


def erase_audit(operation):
    person = granted(operation, verified(operation))["session"]["userId"]
    token = granted(operation, ADMIN)["accessToken"]
    return {"headers": bearing(token), "path_parameters": {"id": person}, "body": {"reason": "asked to be forgotten"}}


def unlock_account(operation):
    token = granted(operation, ADMIN)["accessToken"]
    return {"headers": bearing(token), "body": {"email": verified(operation), "reason": "asked by phone"}}


def remove_alert_channel(operation):
    token = granted(operation, ADMIN)["accessToken"]
    receiver = operation.base_url.rstrip("/") + "/_local/webhooks/to/slack"
    send(operation, "PUT", "/admin/alert-channels/slack", {"url": receiver}, headers=bearing(token))
    return {"headers": bearing(token), "path_parameters": {"kind": "slack"}}


# What only somebody with an account or a mail can send, so that these operations also succeed.
EXAMPLES = {
    "signIn": lambda operation: {"body": {"email": USER, "password": PASSWORD, "tokenDelivery": "body"}},
    "refresh": lambda operation: {"body": {"refreshToken": refresh_token(operation)}},
    "signOut": lambda operation: {"body": {"refreshToken": refresh_token(operation)}},
    "verifyEmail": lambda operation: {"body": {"token": sign_up(operation)[1]}},
    "unlock": lambda operation: {"body": {"token": unlock_token(operation)}},
    "resetPassword": lambda operation: {"body": {"token": reset_token(operation), "password": "nine loud kettles"}},
    "changePassword": change_password,
    "endSession": end_session,
    "endSessionOf": end_session_of,
    "unlockAccount": unlock_account,
    "removeAlertChannel": remove_alert_channel,
    "eraseAudit": erase_audit,
}


@schemathesis.hook
def before_add_examples(context, examples):
    make = EXAMPLES.get(operation_id(context.operation))
    if make:
        example = make(context.operation)
        kind = {"media_type": "application/json"} if "body" in example else {}
        case = context.operation.Case(**example, **kind)
        # Otherwise its token passes for one that was made up, and its success for a fault. There is no public way to say so.
        case._has_explicit_auth = "headers" in example
        examples.append(case)
