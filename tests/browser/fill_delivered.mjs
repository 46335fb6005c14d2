// Fills the form "delivered" in a Prefect UI as a person does: node tests/browser/fill_delivered.mjs ADDRESS SERIAL [PICTURE]
// Begins at the page of the run that asks, follows its link to the form, and waits until the UI says that it was taken.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const [address, serial, picture] = process.argv.slice(2);
const browsers = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = browsers.find((path) => path && existsSync(path));

const key = (await (await fetch(`${address}/api/artifacts/latest/filter`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ artifacts: { key: { like_: "timeline-lyon" } } }),
})).json())[0];

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 1100 } });
page.setDefaultTimeout(60_000);
await page.goto(`${address}/v2/artifacts/artifact/${key.latest_id}`);
await page.getByRole("link", { name: "Answer in a form" }).click();
await page.getByLabel("Serial number").fill(serial);
await page.getByLabel("Your name").fill("Jo Martin");
if (picture) await page.screenshot({ path: picture, animations: "disabled", fullPage: true });
await page.getByRole("button", { name: "Submit" }).click();
await page.waitForURL((url) => !url.pathname.endsWith("/run"));
await browser.close();
