/** What tests do with a command of a page. */
export type Treatment =
  /** It is run, in the form that `as` gives it for code in a sentence or a line of a block, and has to end with 0. */
  | { readonly type: 'run'; readonly as?: (command: string, isInline: boolean) => string }
  /** It is started, and answers a range. */
  | { readonly type: 'serve'; readonly as?: (command: string) => string }
  /** A job of .ci/run contains it: the line that is named. */
  | { readonly type: 'job'; readonly job: string }
  /** It is not run. */
  | { readonly type: 'not run'; readonly reason: string };

/** The treatment of the commands that match. */
export interface Rule {
  readonly matches: RegExp;
  readonly treatment: Treatment;
}

const run = (as?: (command: string, isInline: boolean) => string): Treatment =>
  as === undefined ? { type: 'run' } : { type: 'run', as };
const serve = (as?: (command: string) => string): Treatment =>
  as === undefined ? { type: 'serve' } : { type: 'serve', as };
const job = (line: string): Treatment => ({ type: 'job', job: line });
const notRun = (reason: string): Treatment => ({ type: 'not run', reason });

/** Values of options of the construct for the placeholders of pages. */
const CDK_VALUES: readonly (readonly [RegExp, string])[] = [
  [/bucket=NAME/, 'bucket=downloads'],
  [/domain=…/, 'domain=files.example.com'],
  [
    /certificate=ARN/,
    'certificate=arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000',
  ],
  [/kmsKeys=ARN/, 'kmsKeys=arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000'],
  [/alarmTopic=ARN/, 'alarmTopic=arn:aws:sns:eu-central-1:111122223333:alarms'],
  [/alarmEmail=…/, 'alarmEmail=ops@example.com'],
  [/overflow=…/, 'overflow=partial'],
  [/linkSeconds=…/, 'linkSeconds=600'],
  [/concurrency=N/, 'concurrency=5'],
  [/memory=MB/, 'memory=1024'],
  [/logDays=N/, 'logDays=30'],
];

/** Options without effect on the default front, or without a setting or a secret, and what they need beside them. */
const CDK_NEEDS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:domain|tls|certificate|accessLogs|largeObjects)=/, '-c front=cloudfront'],
  [
    /\btls=/,
    '-c domain=files.example.com -c certificate=arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000',
  ],
  [/\bindex=/, `-c 'settings={"pieces":true}'`],
  [/\bkmsKeys=/, `-c 'settings={"access":{"type":"signed"}}' -c secrets=RANGEWAY_KEYS=secretsmanager:rangeway/keys`],
];

/** The template with the options that a sentence names. */
function synthesise(options: string): string {
  return `node test/docs/synthesise.ts ${withValues(options)}`;
}

/** The same deployment, up to the template. */
function dry(deployment: string): string {
  return deployment.replace(/ (?:deploy|synth)(?: --quiet)?/, ' synth --quiet');
}

function withValues(command: string): string {
  const needed = CDK_NEEDS.filter(([option, more]) => option.test(command) && !command.includes(more));
  return CDK_VALUES.reduce(
    (text, [placeholder, value]) => text.replace(placeholder, value),
    [command, ...needed.map(([, more]) => more)].join(' '),
  );
}

/** Reads the options of the bench without measuring. */
function readBenchOptions(command: string): string {
  const args = JSON.stringify(
    command
      .replace(/^npm run bench(?: -- )?/, '')
      .split(' ')
      .filter(Boolean),
  );
  return `node --input-type=module --eval 'import { parseBenchOptions } from "./bench/options.ts"; parseBenchOptions(${args})'`;
}

const DEPLOYED = 'it asks a CDN in front of a deployment';
const SERVICES =
  'it needs a machine that systemd has started; test/examples/start-node.test.ts runs what the unit starts';
const ACCOUNT = 'it changes an account of the platform, and has no dry form';

/** The first rule that matches a command decides. A rule that leaves commands to others, and matches none, fails the test. */
export const RULES: readonly Rule[] = [
  // The project's own scripts.
  { matches: /^(?:RANGEWAY_FULL=1 )?npm test$|^npx vitest run --project s3$/, treatment: job('npm test') },
  { matches: /^npm ci$/, treatment: job('npm ci') },
  { matches: /^npm ci --prefix test\/lambda$/, treatment: job('npm ci --prefix test/lambda') },
  { matches: /^npm run lint$/, treatment: job('npm run lint') },
  { matches: /^npm run typecheck$/, treatment: job('npm run typecheck') },
  { matches: /^npm run build$/, treatment: job('npm run build') },
  { matches: /^npm run test:docs(?: -- README)?$/, treatment: job('npm run test:docs') },
  { matches: /^bash test\/bare\/main\.sh$/, treatment: job('bash test/bare/main.sh') },
  { matches: /^npm run test:examples$/, treatment: job('npm run test:examples') },
  { matches: /^npm run test:node22$/, treatment: job('npm run test:node22') },
  { matches: /^npm run test:memory$/, treatment: job('npm run test:memory') },
  { matches: /^npm run test:indexing$/, treatment: job('npm run test:indexing') },
  { matches: /^npm run test:clients$|^wget -[cr]$|^curl -C -$/, treatment: job('npm run test:clients') },
  { matches: /^npm run test:large$/, treatment: job('npm run test:large -- 2') },
  { matches: /^npm run soak$/, treatment: job('npm run soak -- --minutes 1') },
  {
    matches: /^npm run test:campaigns$/,
    treatment: notRun('it takes minutes; npm test does a tenth of each campaign'),
  },
  {
    matches: /^node scripts\/listing-picture\.ts$/,
    treatment: notRun('it changes a picture, whose dates are those of the day'),
  },
  { matches: /^bash \.ci\/run$/, treatment: notRun('it runs this test') },
  { matches: /^npm run (?:format|entered|page|schema|openapi|reference|template)$/, treatment: run() },
  {
    matches: /^npm run fuzz/,
    treatment: run((command) =>
      `RANGEWAY_FUZZ_CASES=2000 RANGEWAY_FUZZ_SOCKETS=50 RANGEWAY_FUZZ_ANSWERS=100 ${command}`
        .replace('--seed N', '--seed 1')
        .replace('--case I', '--case 1'),
    ),
  },
  // The bench. Its job makes a short round; what a measurement needs, only an idle machine has.
  { matches: /^npm run bench$/, treatment: job('npm run bench -- --smoke') },
  { matches: /^npm run bench:clients$/, treatment: job('npm run bench:clients -- --smoke') },
  { matches: /^npm ci --prefix bench$/, treatment: run() },
  { matches: /^npm run bench -- --tables$/, treatment: run() },
  { matches: /^npm run bench -- /, treatment: run(readBenchOptions) },
  {
    matches: /^xargs -a bench\/packages\.txt apt-get install/,
    treatment: run((command) => command.replace('install', 'install --simulate')),
  },
  // Piece indexes: test/digests runs the page's commands, and the real clients run aria2.
  { matches: /file\.pieces/, treatment: job('npm test') },
  { matches: /^aria2c .*127\.0\.0\.1:8787/, treatment: run() },
  { matches: /^rangeway index$/, treatment: run((command) => `${command} --help`) },
  { matches: /^rangeway index --s3 /, treatment: run(() => 'rangeway index --help') },
  { matches: /^rangeway index --dir DIR$/, treatment: run() },
  {
    matches: /^rangeway index --dir /,
    treatment: run(() => 'mkdir -p indexed && echo a >indexed/a && rangeway index --dir indexed'),
  },
  { matches: /^curl .*\$URL/, treatment: job('npm test') },
  // Servers.
  {
    matches: /^rangeway serve --dir public --pieces$/,
    treatment: serve((command) => listening(command.replace('public', 'samples'))),
  },
  { matches: /npm start(?: -- .*)?$/, treatment: serve((command) => listening(command)) },
  { matches: /^npm run serve -- /, treatment: serve(listening) },
  {
    matches: /^(?:[A-Z_]+=… )*(?:npx )?rangeway (?:dev|serve|lambda) .*(?:DIR|BUCKET|public|samples)/,
    treatment: serve(listening),
  },
  {
    matches: /^rangeway serve --(?:listing|log|workers) /,
    treatment: serve((command) => listening(command.replace('serve', 'serve --dir samples'))),
  },
  // Names of commands in a sentence.
  {
    matches: /^(?:npx )?rangeway(?: (?:dev|serve|lambda|sign|keygen|purge|warm))?(?: --s3)?$/,
    treatment: run((command) => `${command.replace(' --s3', '')} --help`),
  },
  { matches: /^(?:npx |until )?rangeway get http:/, treatment: run() },
  // `timeout` ends with 124 when it has ended a command.
  { matches: /^timeout -s INT /, treatment: run((command) => `${command}; [ $? = 124 ]`) },
  { matches: /^rangeway get(?: |$)/, treatment: run(() => 'rangeway get --help') },
  { matches: /^node test\/soak\/transfers\.ts$/, treatment: run((command) => `${command} --rate 50 --seconds 1`) },
  { matches: /^RANGEWAY_ADMIN_TOKEN=\S+ rangeway transfers /, treatment: run() },
  // The gateway of that page has no token. test/cli/transfers does the same with one.
  { matches: /^rangeway transfers /, treatment: run(() => 'rangeway transfers --help') },
  { matches: /^(?:npx )?rangeway check (?:"\$U"|https:\/\/(?:old|new)\.)/, treatment: run() },
  { matches: /^rangeway check (?:URL|https:)/, treatment: run(() => 'rangeway check --help') },
  // A date names a version once it is a second old (RFC 9110 §8.8.2.2), and the gateway has just stored its samples.
  { matches: /^(?:npx )?rangeway check http:/, treatment: run((command) => `sleep 2 && ${command}`) },
  { matches: /^rangeway warm /, treatment: run(() => 'rangeway warm --help') },
  { matches: /^(?:npx cdk|wrangler dev)$/, treatment: run((command) => `${command} --help`) },
  { matches: /^rangeway COMMAND --help$/, treatment: run(() => 'rangeway sign --help') },
  { matches: /^node --cpu-prof$/, treatment: run((command) => `${command} --cpu-prof-dir=profile --eval 0`) },
  // The other commands.
  { matches: /^rangeway serve --help$/, treatment: run() },
  {
    matches: /^rangeway config (?:check|--schema)/,
    treatment: run((command) => command.replace('[FILE]', 'wrangler.toml')),
  },
  { matches: /^npx rangeway keygen >keys$/, treatment: run() },
  {
    matches: /^(?:npx )?rangeway sign (?:URL|https:\S+) /,
    treatment: run((command) =>
      command.replace('URL', 'https://files.example/a.bin').replace('DISTRIBUTION', 'd1.example'),
    ),
  },
  // A CDN of the reader's. test/cli/cdn and test/examples/nginx.test.ts do the same with stand-ins and with nginx.
  { matches: /^rangeway purge .*--(?:cdn|tags)/, treatment: run(() => 'rangeway purge --help') },
  { matches: /^curl .*"\$CDN"|^curl .*files\.example\.com\/some\/object/, treatment: notRun(DEPLOYED) },
  { matches: /^curl .*127\.0\.0\.1:8080/, treatment: job('npm test') },
  {
    matches: /^rangeway purge /,
    treatment: run((command) => command.replace('KEY', 'large.bin').replace(' URL', ' http://127.0.0.1:8787')),
  },
  { matches: /^curl |^[A-Z]+=(?:https|"\$\()|^set -a; /, treatment: run() },
  { matches: /^(?:umask|mkdir|echo|head|cmp|diff|node --version)\b/, treatment: run() },
  // The start page of Node. What it does as root is done in a folder of the test.
  { matches: /^(?:sudo )?(?:systemctl|journalctl|certbot) /, treatment: notRun(SERVICES) },
  { matches: /^sudo /, treatment: run((command) => fromTarball(command.replace('sudo ', ''))) },
  { matches: /^(?:sha256sum|openssl|printf) /, treatment: run() },
  // Packages.
  // A block that begins with `npm init` runs in an empty folder; a sentence is tried without installing.
  { matches: /^npm init -y$/, treatment: run() },
  {
    matches: /^npm install /,
    treatment: run((command, isInline) => {
      const packed = fromTarball(command);
      return isInline ? `mkdir -p empty && cd empty && ${packed.replace('install', 'install --dry-run')}` : packed;
    }),
  },
  { matches: /^npm ls hono$/, treatment: run() },
  // Deployments, dry.
  {
    matches: /^npx wrangler deploy/,
    treatment: run((command) => `${command.replace(' --dry-run', '')} --dry-run --outdir dry`),
  },
  // Into a bucket on this machine.
  { matches: /^npx wrangler r2 object put /, treatment: run((command) => command.replace('--remote', '--local')) },
  { matches: /^(?:npx )?wrangler (?:secret put |login|tail|r2 bucket create)/, treatment: notRun(ACCOUNT) },
  { matches: /^npx (?:aws-)?cdk\S* (?:bootstrap|diff|destroy)/, treatment: notRun(ACCOUNT) },
  {
    matches: /^npx (?:aws-)?cdk\S* (?:deploy|synth)/,
    treatment: run((command) => withValues(dry(command))),
  },
  { matches: /^-c '?\w+=/, treatment: run(synthesise) },
  { matches: /^aws /, treatment: notRun(ACCOUNT) },
];

/** The same installation, of the package of this checkout. */
function fromTarball(command: string): string {
  return command.replace(/ rangeway(?:@latest)?(?= |$)/, ' "$PACKED"');
}

/** The command on any free port. */
function listening(command: string): string {
  if (command.includes('--port N')) return command.replace('--port N', '--port 0');
  return /^npm start$|npm start$/.test(command) ? `${command} -- --port 0` : `${command} --port 0`;
}

/** The rule of a command, or undefined if there is none. */
export function ruleOf(command: string): Rule | undefined {
  return RULES.find(({ matches }) => matches.test(command));
}
