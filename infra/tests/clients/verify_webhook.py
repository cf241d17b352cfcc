"""Our webhooks, verified by the Standard Webhooks library for Python.

Usage: python verify_webhook.py < {"secret", "messages": [{"headers", "body"}...]}
"""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

given = json.load(sys.stdin)
webhook = Webhook(given["secret"])
if not given["messages"]:
    sys.exit("no message was given: then refusing everything would pass")

for message in given["messages"]:
    headers, body = message["headers"], message["body"]
    print("ok  ", webhook.verify(body, headers)["type"])
    earlier = str(int(headers["webhook-timestamp"]) - 1)
    for what, bad_body, bad_headers in [
        ("another body", body + " ", headers),
        ("another id", body, {**headers, "webhook-id": "x"}),
        ("another time", body, {**headers, "webhook-timestamp": earlier}),
    ]:
        try:
            webhook.verify(bad_body, bad_headers)
        except WebhookVerificationError:
            print("ok   refused:", what)
        else:
            sys.exit(f"{what} was accepted")
