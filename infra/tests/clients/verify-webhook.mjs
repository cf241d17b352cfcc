// Our webhooks, verified by the Standard Webhooks library for JavaScript.
// Usage: node verify-webhook.mjs < {"secret", "messages": [{"headers", "body"}…]}

import { text } from "node:stream/consumers";

import { Webhook } from "standardwebhooks";

const { secret, messages } = JSON.parse(await text(process.stdin));
if (!messages?.length) throw new Error("no message was given: then refusing everything would pass");

const webhook = new Webhook(secret);
for (const { headers, body } of messages) {
  const { type } = webhook.verify(body, headers);
  console.log(`ok   ${type}`);
  for (const [what, bad] of [
    ["another body", () => webhook.verify(`${body} `, headers)],
    ["another id", () => webhook.verify(body, { ...headers, "webhook-id": "x" })],
    ["another time", () => webhook.verify(body, { ...headers, "webhook-timestamp": String(headers["webhook-timestamp"] - 1) })],
    ["another secret", () => new Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").verify(body, headers)],
  ]) {
    let refused = false;
    try {
      bad();
    } catch {
      refused = true;
    }
    if (!refused) throw new Error(`${what} was accepted`);
    console.log(`ok   refused: ${what}`);
  }
}
