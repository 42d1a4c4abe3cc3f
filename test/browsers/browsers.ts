import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { reportSkipped } from '../full.ts';

/** A page under test, in a profile of its own. */
export interface Visit {
  readonly page: Page;
  /** Errors of the console, uncaught exceptions, violations of the policy, and requests that failed. */
  readonly problems: readonly string[];
  /** Addresses of all requests that the page has made. */
  readonly requests: readonly string[];
}

/** A browser for the tests of one file. */
export interface BrowserUnderTest {
  readonly name: string;
  /** Opens an address and waits until it is loaded. The page is closed at the end of the file. */
  visit(url: string, options?: BrowserContextOptions): Promise<Visit>;
}

interface Program {
  readonly path: string;
  launch(path: string): Promise<Browser>;
}

/** Requests of the browser itself would need a network, and Chromium refuses root without the sandbox flag. */
const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** Debian's browsers, by the names of their packages. */
const PROGRAMS: Readonly<Record<string, Program>> = {
  chromium: {
    path: 'chromium',
    launch: (path) => chromium.launch({ executablePath: path, args: CHROMIUM_FLAGS }),
  },
};

function findProgram(name: string): string | undefined {
  try {
    return execFileSync('sh', ['-c', 'command -v "$0"', name]).toString().trim();
  } catch {
    return undefined;
  }
}

/**
 * Declares tests in each browser of Debian that is installed. One that is missing is reported, and fails a full run.
 *
 * @param subject what the tests are of
 * @param define declares the tests. The browser can be used inside of tests alone
 */
export function describeInBrowsers(subject: string, define: (browser: BrowserUnderTest) => void): void {
  for (const [name, { path, launch }] of Object.entries(PROGRAMS)) {
    const program = findProgram(path);
    if (program === undefined) {
      reportSkipped(`${subject} in ${name}`, `which is missing: apt-get install ${name}`);
      continue;
    }
    describe(`${subject} in ${name}`, () => {
      let browser: Browser | undefined;
      beforeAll(async () => {
        browser = await launch(program);
      });
      afterAll(() => browser?.close());
      define({
        name,
        async visit(url, options) {
          if (browser === undefined) throw new Error(`${name} is not started`);
          return openPage(browser, url, options);
        },
      });
    });
  }
}

async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  page.on('requestfailed', (request) => problems.push(`${request.url()}: ${request.failure()?.errorText}`));
  await page.goto(url);
  return { page, problems, requests };
}

const axe = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Asserts that axe finds no violation of its rules in a page, best practices included. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(await axe);
  const violations: readonly string[] = await page.evaluate(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html, failureSummary].join(': '))))`);
  expect(violations).toEqual([]);
}

/** Asserts that a page has no scroll bar at its foot: all of it fits into its width. */
export async function expectNoSideScroll(page: Page): Promise<void> {
  const widths: readonly [number, number] = await page.evaluate(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  );
  expect(widths[0]).toBeLessThanOrEqual(widths[1]);
}

/** Describes the element with the focus: its tag and its text or label; and whether a ring is drawn around it. */
export async function focusOf(page: Page): Promise<{ readonly element: string; readonly hasRing: boolean }> {
  return page.evaluate(`(() => {
    const { activeElement: element } = document;
    const name = element.getAttribute('aria-label') ?? element.textContent.trim();
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return {
      element: element.tagName.toLowerCase() + ' ' + name,
      hasRing: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
    };
  })()`);
}

const SCREENSHOTS = process.env['RANGEWAY_SCREENSHOTS'] ?? join(tmpdir(), 'rangeway-screenshots');

/** Saves a picture of a page, for a person to look at: below RANGEWAY_SCREENSHOTS, or in the temporary folder. */
export async function takeScreenshot({ name }: BrowserUnderTest, page: Page, picture: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${picture}-${name}.png`) });
}
