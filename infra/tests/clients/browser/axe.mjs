// What axe finds on a page.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** axe's findings. It runs beside the page, in a world of its own, so the page's policy stays as it is. */
export async function violations(page) {
  const client = await page.context().newCDPSession(page);
  const { frameTree } = await client.send("Page.getFrameTree");
  const world = await client.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
  const run = (expression) =>
    client.send("Runtime.evaluate", { expression, contextId: world.executionContextId, awaitPromise: true, returnByValue: true });
  await run(axe);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const options = { runOnly: { type: "tag", values: tags } };
  const answer = await run(`axe.run(${JSON.stringify(options)}).then((it) => it.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target + " " + n.failureSummary).join(" | ")))`);
  await client.detach();
  if (answer.exceptionDetails) throw new Error(`axe did not run: ${answer.exceptionDetails.exception?.description}`);
  return answer.result.value.join("; ").replaceAll("\n", " ");
}
