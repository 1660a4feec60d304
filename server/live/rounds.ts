/**
 * The rounds of live queries: a while after a change all that are pending are judged, tested and run. Made by engine.ts.
 *
 * A round waits for nothing that it starts: a query that is tested or run is busy and left out of the next rounds, so a slow one
 * delays only itself. A round comes FIRST_MS after the first change, then every ROUND_MS while something is pending. A query that
 * ran rests REST_MS (a slow one as long as it took), one that was tested TEST_REST_MS: a burst is few statements, a single
 * change is not held up.
 */
import type { Pool } from 'pg'
import { pgSettings } from '../auth/caller.ts'
import type { Log } from '../log.ts'
import { readOnce } from '../read-query.ts'
import { takeConcern } from './concern.ts'
import type { Entry } from './entry.ts'
import type { LiveRequest } from './engine.ts'
import { comesIn, isShareable, passStatement, placeStatement, type WindowQuestion } from './window-test.ts'

const FIRST_MS = 3
const ROUND_MS = 10
const REST_MS = 40
const TEST_REST_MS = 20
/** Queries that run at the same time; the others wait in line. */
const AT_ONCE = 6

export interface Held {
  entry: Entry
  request: LiveRequest
  release: () => void
  timer?: NodeJS.Timeout | undefined
}

interface Question extends WindowQuestion {
  held: Held
}

interface Deps {
  api: Pool
  /** Executes the query and tells its subscribers. Does not throw. */
  execute(held: Held): Promise<void>
  log: Log
}

export function makeRounds({ api, execute, log }: Deps) {
  const pending = new Set<Held>()
  const stats = { runs: 0, tests: 0, runMs: 0, testMs: 0 }
  let timer: NodeJS.Timeout | null = null
  let closed = false
  let free = AT_ONCE
  const line: (() => void)[] = []

  /** Something of it is to be judged: see Entry.keys and Entry.whole. */
  function pend(held: Held) {
    if (closed) return
    pending.add(held)
    timer ??= setTimeout(round, FIRST_MS)
  }

  function round() {
    timer = null
    const now = performance.now()
    const asked = new Map<string, Question[]>()
    for (const held of pending) {
      const { entry, request } = held
      if (entry.busy || entry.notBefore > now) continue
      pending.delete(held)
      // Without subscribers it stays as it is; the next one makes it pending again
      if (entry.ended || entry.subscribers === 0 || !(entry.whole || entry.keys.size > 0)) continue
      const concern = takeConcern(entry, request)
      if (concern.verdict === 'run') void run(held)
      if (concern.verdict !== 'ask') continue
      const { caller, relation } = request
      const group = `${caller.role} ${caller.accountId} ${caller.memberRole} ${relation}`
      const { clauses, values, isFull } = entry.window!
      const question = { held, clauses, values, changed: concern.changed, last: isFull ? entry.lastKey : null }
      asked.set(group, [...(asked.get(group) ?? []), question])
    }
    for (const questions of asked.values()) void test(questions)
    if (pending.size > 0) timer ??= setTimeout(round, ROUND_MS)
  }

  async function run(held: Held) {
    const { entry } = held
    if (entry.ended) return
    entry.busy = true
    if (free === 0) await new Promise<void>((resolve) => line.push(resolve))
    else free--
    const started = performance.now()
    stats.runs++
    await execute(held)
    const took = performance.now() - started
    stats.runMs += took
    const next = line.shift()
    if (next) next()
    else free++
    entry.notBefore = started + (took > 200 ? 2 * took : REST_MS)
    entry.busy = false
  }

  /** Questions of one role on one relation. Runs those whose page a changed row has entered. */
  async function test(questions: Question[]) {
    for (const { held } of questions) held.entry.busy = true
    const started = performance.now()
    stats.tests++
    let concerned: Question[]
    try {
      concerned = await ask(questions)
    } catch (error) {
      log.warn({ err: error, relation: questions[0]!.held.request.relation }, 'the window test failed; its live queries are run again')
      concerned = questions
    }
    stats.testMs += performance.now() - started
    const now = performance.now()
    const hit = new Set(concerned)
    for (const question of questions) {
      const { entry } = question.held
      entry.busy = false
      if (hit.has(question)) void run(question.held)
      else entry.notBefore = now + TEST_REST_MS
    }
  }

  async function ask(questions: Question[]): Promise<Question[]> {
    const { caller, key } = questions[0]!.held.request
    const settings = { ...pgSettings(caller), transaction_read_only: 'on' }
    const sorts = new Map<string, Question[]>()
    const open: Question[] = questions.filter((question) => !isShareable(question))
    for (const question of questions)
      if (isShareable(question)) sorts.set(question.clauses.from, [...(sorts.get(question.clauses.from) ?? []), question])
    for (const same of sorts.values()) {
      const { rows } = await readOnce(api, settings, { ...passStatement(same, key!), rowMode: 'array' })
      const passed = new Map<number, string[][]>()
      for (const [changed, numbers] of rows as unknown as [string[], number[]][])
        for (const i of numbers) passed.set(i, [...(passed.get(i) ?? []), changed])
      for (const [i, changed] of passed) open.push({ ...same[i]!, changed })
    }
    const isPlaced = (question: Question) => question.last !== null || !isShareable(question)
    const concerned = open.filter((question) => !isPlaced(question))
    const placed = open.filter(isPlaced)
    if (placed.length > 0) {
      const { rows } = await readOnce(api, settings, { ...placeStatement(placed, key!), rowMode: 'array' })
      const answers = rows[0] as unknown as string[][][]
      concerned.push(...placed.filter(({ last }, i) => comesIn(answers[i]!, last)))
    }
    const held = new Set(concerned.map((one) => one.held))
    return questions.filter((question) => held.has(question.held))
  }

  return {
    pend,
    run,
    forget: (held: Held) => pending.delete(held),
    stats,
    close() {
      closed = true
      pending.clear()
      if (timer) clearTimeout(timer)
    },
  }
}
