/**
 * What each npm script is called with: the one text behind `-- --help`, docs/cli.md and the list in `npm run check -- --help`.
 * Called first by every command (asksForHelp) and by docs.ts. Writes to stdout only. Plain JavaScript: it runs before npm ci.
 */
export const COMMANDS = {
  start: {
    usage: 'npm start',
    what: 'From a bare machine to a running Tidemark: dependencies, database, migrations, web app, server. Ctrl-C ends all of it.',
    more: 'Its settings are in .env or the environment: docs/settings.md. The link that makes the first account is printed at the end.',
  },
  test: {
    usage: 'npm test -- [files and options of jest]',
    what: 'All tests, or those of some files, on a PostgreSQL of its own that is thrown away.',
    options: [['-t TEXT', 'only tests whose title matches (as all options of jest)']],
    more: 'TEST_LOG=debug shows the log of the servers under test. CI=true: what a test needs and lacks (Chromium, pg_cron) is a failure.',
  },
  dev: {
    usage: 'npm run dev',
    what: 'As npm start, for who changes Tidemark: migrations/current is run as you save, the server reloads, Vite serves the web app.',
  },
  token: {
    usage: 'npm run -s token -- [options]',
    what: 'Prints an API token and nothing else: TOKEN=$(npm run -s token). For whoever has the machine; works before there is an account.',
    options: [
      ['--workspace ID', 'of this workspace (main); it is made if it is not there'],
      ['--role ROLE', 'owner (the default), editor or reader'],
      ['--name TEXT', 'what the list of tokens shows'],
      ['--days N', 'it ends after N days (never)'],
      ['--sign-in ADDRESS', 'instead of a token: a link that signs this account in, once'],
    ],
  },
  listen: {
    usage: 'npm run listen -- matview_refresh_channel [options]',
    what: 'Prints a line for every refresh that is announced, from now on.',
    options: [
      ['--after ID', 'begin after this event instead (0: with the oldest that is kept)'],
      ['--cursor FILE', 'remember the last event there, and go on after it the next time'],
      ['--json', 'one JSON object a line'],
      [
        '--exec COMMAND',
        'run this for every event, with the event as JSON on its stdin; one after the other, again (after 1 s, 2 s, … 60 s) until it ends with 0. Its output is what is printed',
      ],
      ['--changes', 'with the changed rows (--json, --exec)'],
      ['--matview NAME', 'only this view'],
      ['--workspace NAME', 'of this workspace (main)'],
      ['--count N', 'end after N events'],
      ['--url URL', 'listen to this server instead of the database of this machine …'],
      ['--token TOKEN', '… with this API token (or TIDEMARK_TOKEN)'],
    ],
    more: 'psql hears the same ids: LISTEN matview_refresh_channel;',
  },
  import: {
    usage: 'npm run import -- FILE [options]',
    what: 'Sends a CSV (also TSV, NDJSON, gzip, zstd; - is standard input) to the running server, which makes a typed table of it, and prints what it found. Exit code 1: nothing was loaded, and why.',
    options: [
      ['--table NAME', "where to (made of the file's name)"],
      ['--mode MODE', 'create (the default), append, replace or upsert'],
      ['--key A,B', 'the columns that tell rows apart; without it a new table gets row_id'],
      ['--on-error skip', 'load what can be read; the rest goes, with its line, into NAME_rejects'],
      ['--workspace ID', 'into this workspace (main)'],
      ['--option NAME=VALUE', 'any other option of uploads, as often as you like: server/upload/README.md'],
      ['--url URL', 'to this server instead of the one of this checkout …'],
      ['--token TOKEN', '… with this API token (or TIDEMARK_TOKEN)'],
    ],
    more: 'In a script: npm run -s import -- people.csv && echo loaded',
  },
  demo: {
    usage: 'npm run demo -- [anniversaries]',
    what: 'Tells the story from a file to its first event, on real input, against the running server. anniversaries: to a signed webhook.',
  },
  bench: {
    usage: 'npm run bench -- [names] [options]',
    what: 'The figures, each beside what one would use instead, on a database of their own; into scripts/bench/RESULTS.md.',
    options: [
      ['--list', 'the names, and what each measures'],
      ['--quick', 'small, to see that it runs; nothing is written down'],
      ['--rows N', 'another size'],
      ['--pairs N', 'so many interleaved runs'],
      ['--only PARTS', 'of upload: mixed,text,late,rivals,memory, some of these; nothing is written down'],
      ['--here', 'against the running Tidemark, or DATABASE_URL with TIDEMARK_SECRET'],
    ],
  },
  faults: {
    usage: 'npm run faults -- [options]',
    what: 'Kills PostgreSQL and the server inside COPY, REFRESH and deliveries, and does everything else that goes wrong, on a database of its own. Exit code 1 when a promise broke.',
    options: [
      ['--kills N', 'so many kill -9 (200)'],
      ['--seed S', 'the dice of an earlier run, which printed it'],
      ['--only NAMES', 'kills,exhausted,stalled,readers,line,bomb,mutations,clock,dropped,disk: some of these'],
      ['--mutations N', 'so many damaged files (10000)'],
      ['--quick', 'all of it small, and without what takes minutes'],
      ['--soak MINUTES', 'instead: ordinary work for so long, and whether anything grows'],
      ['--write', 'keep the table in scripts/faults/RESULTS.md (SOAK.md)'],
    ],
  },
  check: {
    usage: 'npm run check -- [--write]',
    what: 'Types, lint, house rules, licences, dependencies, fixtures, schema.sql, the lock file, docs/: all that must hold before a change lands, but the tests.',
    options: [['--write', 'first writes docs/ anew from the code']],
  },
  'db:commit': {
    usage: 'npm run db:commit -- [-m "What it does"]',
    what: 'migrations/current becomes a committed migration, and schema.sql follows.',
    options: [
      ['-m, --message TEXT', "the migration's name"],
      ['--undo', 'takes the last one back into migrations/current, until a release is tagged'],
    ],
  },
  'db:reset': {
    usage: 'npm run db:reset -- [--yes]',
    what: 'Deletes the private database of this checkout, and all data in it. Never one that DATABASE_URL names.',
    options: [['--yes', 'does not ask']],
  },
}

/** @returns {string} */
export function helpText(name) {
  const { usage, what, options = [], more } = COMMANDS[name]
  const width = Math.max(0, ...options.map(([option]) => option.length)) + 3
  const lines = options.map(([option, text]) => `  ${option.padEnd(width)}${wrap(text, 100 - width, ' '.repeat(width + 2))}`)
  return [usage, '', wrap(what, 100), ...(lines.length > 0 ? ['', ...lines] : []), ...(more ? ['', wrap(more, 100)] : [])].join('\n')
}

function wrap(text, width, indent = '') {
  const lines = ['']
  for (const word of text.split(' ')) {
    if (lines.at(-1) && lines.at(-1).length + 1 + word.length > width) lines.push('')
    lines[lines.length - 1] += (lines.at(-1) && ' ') + word
  }
  return lines.join(`\n${indent}`)
}

/** Prints the help and ends the process where it is asked for. */
export function helpIfAsked(name) {
  if (!process.argv.slice(2).some((one) => one === '--help' || one === '-h')) return
  console.log(helpText(name))
  process.exit(0)
}
