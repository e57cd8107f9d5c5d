// look: opens reports in a headless browser as readers do: node look.mjs CHROMIUM PAGE... [--thorough PAGE...]
// Of every page: nothing is asked of any network or file, nothing is said on the console, links lead somewhere, the answer
// of one host fits 1366x768. Of thorough ones axe finds nothing, in light, in dark, on a phone and on paper. One browser, one page.
// Prints what is wrong, one line each, and ends with 1. Needs playwright-core and axe-core in $NODE_PATH (tests/test_browser.c).
import {createRequire} from 'node:module';
import {existsSync, readFileSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import {dirname, resolve} from 'node:path';

const require = createRequire(resolve(process.env.NODE_PATH, 'x.js'));
const {chromium} = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const [, , program, ...given] = process.argv;
const cut = given.indexOf('--thorough');
const pages = (cut < 0 ? given : given.slice(0, cut)).map(path => [path, false])
    .concat(cut < 0 ? [] : given.slice(cut + 1).map(path => [path, true]));
const wrong = [];
let looks = 0, here = '';
const say = (...what) => wrong.push(`${here}: ${what.join(' ')}`);

const browser = await chromium.launch({executablePath: program, args: ['--no-sandbox']});
const context = await browser.newContext({viewport: {width: 1366, height: 768}});
const page = await context.newPage();
page.setDefaultTimeout(60000);
page.on('console', m => say('console:', m.text()));
page.on('pageerror', e => say('script:', e.message));
page.on('request', r => r.url().split('#')[0] === page.want || r.url().startsWith('data:') || say('asks for', r.url()));

// The page's own policy lets no script in; the debugger's does not ask it.
async function accessible() {
    await page.evaluate(`${axe}; undefined`);
    const found = await page.evaluate(() => axe.run(document, {resultTypes: ['violations']}));
    looks++;
    for (const v of found.violations)
        say('axe:', v.id, `(${v.nodes.length})`, v.nodes[0].target.join(' '), v.nodes[0].failureSummary.replace(/\s+/g, ' ').slice(0, 200));
}

const links = () => [...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))
    .filter(href => !href.startsWith('#') || href.length < 2 || !document.getElementById(decodeURIComponent(href.slice(1))))
    .filter(href => !/^https:\/\//.test(href));
const leads = (path, href) => !href.startsWith('#') && existsSync(resolve(dirname(path), decodeURIComponent(href.split('#')[0])));
const ids = () => [...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i);

// Of one host: the diagnosis, what to do and how long it has been so are read without scrolling.
const below = () => [...document.querySelectorAll('main > .host .why, main > .host .side')]
    .filter(e => e.getBoundingClientRect().bottom > innerHeight).map(e => `${e.className} ends at ${Math.round(e.getBoundingClientRect().bottom)}`);
const wide = () => document.documentElement.scrollWidth > innerWidth ? document.documentElement.scrollWidth : 0;

// What stands between the diagnosis and what to do.
const between = () => {
    const out = [];
    for (const hero of document.querySelectorAll('.hero')) {
        const why = hero.querySelector('.why')?.getBoundingClientRect(), now = hero.querySelector('.now')?.getBoundingClientRect();
        if (!why || !why.height)
            continue;
        if (!now)
            out.push('there is no "what now"');
        else if (now.top < why.bottom - 1 || now.top - why.bottom > 60)
            out.push(`"what now" begins ${Math.round(now.top - why.bottom)} px behind the diagnosis`);
    }
    return out;
};

// On paper nothing can be opened: what is folded is shown, and nothing says "5 more" that is not there.
const folded = () => [...document.querySelectorAll('details:not([open])')].filter(d => {
    const s = d.querySelector('summary');
    if (!s || !s.getClientRects().length)
        return false;
    return d.getBoundingClientRect().height < s.getBoundingClientRect().height + 4;
}).map(d => d.querySelector('summary').textContent.trim().slice(0, 60));

// Tables that are wider than the phone can be reached by keyboard, and go on behind an edge that shows it.
const scrolls = () => [...document.querySelectorAll('*')].filter(e => e.scrollWidth > e.clientWidth + 1
    && /auto|scroll/.test(getComputedStyle(e).overflowX) && (e.tabIndex < 0 || getComputedStyle(e).backgroundImage === 'none'))
    .map(e => e.className || e.tagName);

// Short names are read whole: a column that is too narrow breaks each of them.
const broken = () => [...document.querySelectorAll('td bdi')].filter(e => /^\S{2,16}$/.test(e.textContent) && e.getClientRects().length > 1)
    .map(e => e.textContent);

for (const [path, thorough] of pages) {
    here = path.replace(/^.*tickets\//, '');
    page.want = pathToFileURL(resolve(path)).href;
    await page.setViewportSize({width: 1366, height: 768});
    await page.emulateMedia({media: 'screen', colorScheme: 'light'});
    await page.goto(page.want);
    for (const href of (await page.evaluate(links)).filter(href => !leads(path, href)))
        say('link leads nowhere:', href);
    for (const id of await page.evaluate(ids))
        say('stands twice: id', id);
    for (const what of await page.evaluate(below))
        say('1366x768:', what);
    const over = await page.evaluate(wide);
    if (over)
        say('1366x768: wider than the window:', over);
    if (!thorough)
        continue;
    await accessible();
    await page.emulateMedia({media: 'screen', colorScheme: 'dark'});
    here += ' dark', await accessible();
    await page.emulateMedia({media: 'screen', colorScheme: 'light'});
    await page.setViewportSize({width: 375, height: 812});
    here = here.replace(' dark', ' phone'), await accessible();
    for (const what of await page.evaluate(between))
        say(what);
    const w = await page.evaluate(wide);
    if (w)
        say('wider than the window:', w);
    const names = await page.evaluate(broken);
    if (names.length)
        say('names are broken:', names.length, names.slice(0, 3).join(' '));
    for (const what of await page.evaluate(scrolls))
        say('goes on without a sign, or out of a keyboard\'s reach:', what);
    await page.setViewportSize({width: 718, height: 1000}); // A4 without its margins
    await page.emulateMedia({media: 'print', colorScheme: 'light'});
    here = here.replace(' phone', ' print'), await accessible();
    for (const what of await page.evaluate(folded))
        say('is folded on paper:', what);
}
await browser.close();
wrong.slice(0, 60).forEach(line => console.log(line));
console.error(`${pages.length} pages, ${looks} looks by axe, ${wrong.length} wrong`);
process.exit(wrong.length ? 1 : 0);
