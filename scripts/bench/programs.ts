/**
 * The bench programs: what each measures, what it needs, how it is made smaller. Called by scripts/bench.ts. A new program is a
 * file beside this and a line here.
 */
export interface Program {
  /** For `npm run bench -- --list`. */
  about: string
  /** Beyond PostgreSQL: a built web app (and, for `web`, Chromium). */
  browser?: boolean
  /** `--rows` means something to it. */
  rows?: number
  /** What `--only` can choose of it. */
  parts?: string[]
  /** More options for the whole size, and for --quick. */
  full?: Record<string, unknown>
  quick: Record<string, unknown>
}

export const PROGRAMS: Record<string, Program> = {
  upload: {
    about: 'CSV over HTTP against psql \\copy, csv-parse, staging, pgloader, csvsql',
    rows: 1_000_000,
    parts: ['mixed', 'text', 'late', 'rivals', 'memory'],
    quick: { rows: 50_000, pairs: 3 },
  },
  launch: { about: '`npm start` on a new and on an old folder of data; sign-in', browser: true, quick: { rounds: 1 } },
  start: { about: 'start of a server process; createMatview beside plain SQL', quick: { rounds: 3 } },
  refresh: {
    about: 'refresh with diff and event against plain REFRESH and CONCURRENTLY',
    rows: 100_000,
    full: { rounds: 7, marksSeconds: 75 },
    quick: { rows: 20_000, rounds: 3, marksSeconds: 12 },
  },
  events: { about: 'marks to SSE, webhooks, GraphQL, CLI; lost connections', quick: { events: 40, clients: 200 } },
  live: { about: 'live queries against re-asking and polling', quick: { clients: 100, queries: 10, seconds: 4 } },
  capture: { about: 'writers of a watched table against no capture and NOTIFY', quick: { rounds: 2 } },
  graphql: { about: 'GraphQL against bare express + pg', quick: { seconds: 1, tables: [10, 100] } },
  rest: {
    about: 'REST against bare express + pg, and exports against COPY',
    rows: 1_000_000,
    quick: { rows: 50_000, seconds: 1, pairs: 2 },
  },
  web: { about: 'what the page costs a browser', browser: true, rows: 1_000_000, quick: { rows: 50_000, seconds: 2, samples: 10 } },
}
