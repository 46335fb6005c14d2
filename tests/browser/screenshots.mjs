// Takes the pictures of docs/images from a Prefect UI that runs: node tests/browser/screenshots.mjs ADDRESS [FOLDER]
// ADDRESS is what `seeding rehearse --keep-ui` prints. A Chromium must be installed; $CHROMIUM says where, if not usual.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const [address, folder = "docs/images"] = process.argv.slice(2);
const browsers = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = browsers.find((path) => path && existsSync(path));
if (!address || !executablePath) {
  console.error(address ? "no Chromium found: set CHROMIUM" : "usage: node tests/browser/screenshots.mjs ADDRESS [FOLDER]");
  process.exit(2);
}

const ask = async (path, body) =>
  (await fetch(`${address}/api${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })).json();

const flow = (await ask("/flows/filter", { flows: { name: { any_: ["seeding-run"] } } }))[0];
const runs = await ask("/flow_runs/filter", { flows: { id: { any_: [flow.id] } }, sort: "NAME_ASC" });
const run = runs.find((one) => one.name.startsWith("sydney")) ?? runs[0];
const artifacts = await ask("/artifacts/latest/filter", { limit: 50 });
const idOf = (start) => artifacts.find((one) => one.key.startsWith(start)).latest_id;

// name, page, what must be on it before the picture is taken, size
const shots = [
  ["runs", "/v2/runs?tags=mode:data-box", ["incremental-scheduled"], 1280, 910],
  ["run", `/v2/runs/flow-run/${run.id}?tab=Artifacts`, ["seeding-run", "did not generate any task", "timeline-sydney"], 1280, 680],
  ["timeline", `/v2/artifacts/artifact/${idOf("timeline-sydney")}`, ["journal lines"], 1280, 1240],
  ["fleet", `/v2/artifacts/artifact/${idOf("fleet")}`, ["turn"], 1280, 520],
];
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage();
page.setDefaultTimeout(90_000);
for (const [name, path, awaited, width, height] of shots) {
  await page.setViewportSize({ width, height });
  await page.goto(address + path);
  for (const text of awaited) await page.getByText(text).first().waitFor();
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: `${folder}/${name}.png`, animations: "disabled" });
}
await browser.close();
