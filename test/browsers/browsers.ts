import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import {
  chromium,
  firefox,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
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
  /** Opens an address and waits until it is loaded. The page is closed at the end of the test. */
  visit(url: string, options?: BrowserContextOptions): Promise<Visit>;
}

type Scheme = 'light' | 'dark';

interface Program {
  launch(path: string, scheme: Scheme): Promise<Browser>;
  /** Whether a page can choose its colour scheme. Else a browser has one for all its pages. */
  readonly emulatesScheme: boolean;
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
    emulatesScheme: true,
    launch: (path) => chromium.launch({ executablePath: path, args: CHROMIUM_FLAGS }),
  },
  'firefox-esr': {
    emulatesScheme: false,
    launch: (_, scheme) =>
      firefox.launch({
        channel: 'moz-firefox',
        executablePath: join(import.meta.dirname, 'firefox-bidi.ts'),
        firefoxUserPrefs: { 'layout.css.prefers-color-scheme.content-override': scheme === 'dark' ? 0 : 1 },
      }),
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
  for (const [name, { launch, emulatesScheme }] of Object.entries(PROGRAMS)) {
    const path = findProgram(name);
    if (path === undefined) {
      reportSkipped(`${subject} in ${name}`, `which is missing: apt-get install ${name}`);
      continue;
    }
    describe(`${subject} in ${name}`, { timeout: 120_000 }, () => {
      const browsers = new Map<Scheme, Promise<Browser>>();
      const open = (scheme: Scheme) => {
        const browser = browsers.get(scheme) ?? launch(path, scheme);
        browsers.set(scheme, browser);
        return browser;
      };
      // A start may take longer than a test.
      beforeAll(async () => void (await open('light')));
      const visits: Visit[] = [];
      afterEach(() => Promise.all(visits.splice(0).map(({ page }) => page.context().close())));
      afterAll(() => Promise.all(Array.from(browsers.values(), async (browser) => (await browser).close())));
      define({
        name,
        visit: async (url, options = {}) => {
          const scheme = options.colorScheme === 'dark' && !emulatesScheme ? 'dark' : 'light';
          const visit = await openPage(await open(scheme), url, options);
          visits.push(visit);
          return visit;
        },
      });
    });
  }
}

/** Starts Chromium with a profile that is kept on disk, so that another one can be started with it. */
export async function launchProfile(folder: string): Promise<BrowserContext> {
  const executablePath = findProgram('chromium') ?? '';
  return chromium.launchPersistentContext(folder, { executablePath, args: CHROMIUM_FLAGS });
}

async function openPage(browser: Browser, url: string, options: BrowserContextOptions): Promise<Visit> {
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

/** Asserts that no element of a page reaches beyond its right edge, where it would need a scroll bar. */
export async function expectNoSideScroll(page: Page): Promise<void> {
  const beyond: readonly string[] = await page.evaluate(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const reaches = (element) => element.getBoundingClientRect().right > clientWidth + 0.5;
    const elements = Array.from(document.querySelectorAll('body *')).filter(reaches);
    return scrollWidth > clientWidth ? ['the page', ...elements.map(({ outerHTML }) => outerHTML.slice(0, 200))] : [];
  })()`);
  expect(beyond).toEqual([]);
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

/**
 * Saves a picture of a page, for a person to look at: below RANGEWAY_SCREENSHOTS, or in the temporary folder. Playwright
 * adds a style for the picture, which the policy of a page refuses: assert the problems of a page before.
 */
export async function takeScreenshot({ name }: BrowserUnderTest, page: Page, picture: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${picture}-${name}.png`) });
}
