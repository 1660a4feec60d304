/** The parts of a live query that need no server: patches, clauses, the window test, hints. */
import { clausesOf, relationsIn } from '../../../server/live/clauses.ts'
import { diffBlock, type Row } from '../../../server/live/patch.ts'
import { flat, gather } from '../../../server/live/hints.ts'
import { makePayload } from '../../../server/live/payload.ts'
import { makeSubscriber } from '../../../server/live/subscriber.ts'
import { comesIn, isShareable, passStatement, placeStatement } from '../../../server/live/window-test.ts'
import { applyPatch } from '../../../web/shared/live/patch.ts'

const row = (id: number, value: number): Row => ({ id: String(id), text: `${id}:${value}`, node: { nodeId: String(id), value } })

describe('a patch', () => {
  it('turns any page into any other, and leaves alone what did not change', () => {
    let seed = 7
    const random = (below: number) => (seed = (seed * 16807) % 2147483647) % below
    let page: Row[] = []
    let copy: any[] = []
    for (let round = 0; round < 3000; round++) {
      const next = [...page].filter(() => random(12) > 0).map((one) => (random(6) ? one : row(Number(one.id), random(1000))))
      for (let i = random(4); i > 0; i--) {
        const id = random(60)
        if (!next.some((one) => one.id === String(id))) next.splice(random(next.length + 1), 0, row(id, random(1000)))
      }
      if (random(3) === 0) next.sort(() => random(3) - 1)
      const patch = diffBlock(page, next)
      const kept = new Map(copy.map((node) => [node.nodeId, node]))
      if (patch) copy = applyPatch(copy, patch as any)
      expect(copy).toEqual(next.map(({ node }) => node))
      if (!patch) for (const node of copy) expect(kept.get(node.nodeId)).toBe(node)
      page = next
    }
    expect(diffBlock(page, page)).toBeNull()
  })

  it('of one changed row is one upsert', () => {
    expect(diffBlock([row(1, 1), row(2, 1)], [row(1, 1), row(2, 9)])).toEqual({
      upserts: [{ index: 1, node: { nodeId: '2', value: 9 }, text: '2:9' }],
      removes: [],
    })
  })
})

describe('the clauses of a statement', () => {
  it('are found whatever stands in names, strings and brackets', () => {
    const text = `select\n__t__."a from b"::text as "0", 'where '' order by' as "1", array(select 1 from "ws_main"."x" where 1 = 1 order by 1 limit 2)\nfrom "ws_main"."or""der by" as __t__\nleft outer join "ws_main"."customers" as __c__ on (\n/* WHERE becoming ON */ (__c__."id" = __t__."limit"))\nwhere (\n__t__."where" = $1::"text" and exists(select 1 from "ws_main"."y" limit 1)\n) and (true)\norder by __t__."from" desc, __t__."id" asc\nlimit 4\noffset 2;`
    expect(clausesOf(text)).toMatchObject({
      schema: 'ws_main',
      relation: 'or"der by',
      alias: '__t__',
      orderBy: '__t__."from" desc, __t__."id" asc',
      limit: 4,
      offset: 2,
      where: expect.stringMatching(/^\([\s\S]*\) and \(true\)$/),
    })
    expect(relationsIn(text).sort()).toEqual(['ws_main.customers', 'ws_main.or"der by', 'ws_main.x', 'ws_main.y'])
  })

  it('are none for what is no page', () => {
    for (const text of [
      'insert into "a"."b" values (1)',
      'select count(*) from "a"."b" as x group by 1',
      'select 1',
      'select 1 from "a"."b" as x limit $1',
      'select 1 from "a"."b" as x union select 2 from "a"."c" as y',
    ])
      expect(clausesOf(text)).toBeNull()
  })
})

describe('the window test', () => {
  const clauses = clausesOf(
    'select __t__."id" as "0" from "ws_main"."t" as __t__ where (__t__."k" > $1::"int4") order by __t__."k" asc limit 2',
  )!

  const key = [{ column: 'id', type: 'int4' }]
  const questions = [
    { clauses, values: [5], changed: [['1'], ['2']], last: ['9'] },
    { clauses, values: [6], changed: [['2']], last: null },
  ]

  it('asks all queries in one statement whose filter a changed row passes, each with its own values', () => {
    const { text, values } = passStatement(questions, key)
    expect(values).toEqual([['1', '2'], 5, 6])
    expect(text).toContain('__t__."id" = any($1::int4[])')
    expect(text).toContain('case when (__t__."k" > $2::"int4") then 0 end')
    expect(text).toContain('case when (__t__."k" > $3::"int4") then 1 end')
    expect(questions.map(isShareable)).toEqual([true, true])
    expect(isShareable({ ...questions[0]!, clauses: { ...clauses, from: '"a"."f"($1) as x' } })).toBe(false)
  })

  it('asks where a row stands in one statement, beside the last row of the page', () => {
    const { text, values } = placeStatement(questions, key)
    expect(values).toEqual([['1', '2', '9'], 5, ['2'], 6])
    expect(text).toContain('__t__."id" = any($1::int4[]) and ((__t__."k" > $2::"int4"))')
    expect(text).toContain('order by __t__."k" asc')
  })

  it('lets in what stands before the last row of a full page, and anything that passes where the page is not full', () => {
    expect([
      comesIn([['1'], ['9']], ['9']),
      comesIn([['9'], ['1']], ['9']),
      comesIn([], ['9']),
      comesIn([['1']], null),
      comesIn([], null),
    ]).toEqual([true, false, true, true, false])
  })
})

describe('a hint', () => {
  it('names the keys and how they changed; none if there are too many, or one has none', () => {
    const many = Array.from({ length: 51 }, (_, i) => [String(i)])
    expect(
      gather('ws_main', [
        { rel: 'a', op: 'u', keys: [['1'], ['2']] },
        { rel: 'a', op: 'i', keys: [['2'], ['3']] },
        { rel: 'b', op: 'i', keys: many },
        { rel: 'c', op: 'd', keys: null },
        { rel: 'd', op: 'i', keys: [null as any] },
        { rel: 'e', op: 'i', keys: [[null]] },
      ]),
    ).toEqual([
      { r: 'ws_main.a', k: [['1'], ['2'], ['3']], op: 'iu' },
      { r: 'ws_main.b' },
      { r: 'ws_main.c' },
      { r: 'ws_main.d' },
      { r: 'ws_main.e' },
    ])
  })

  it('has its keys as lists of columns, of one column or more', () => {
    expect(flat([['1', '2'], ['3']])).toEqual([['1'], ['2'], ['3']])
    expect(flat([[['1', 'a']], [['2', 'b']]])).toEqual([
      ['1', 'a'],
      ['2', 'b'],
    ])
    expect(flat(null)).toBeNull()
  })

  it('that would not fit a notification loses its keys', () => {
    expect(gather('ws_main', [{ rel: 'a', op: 'i', keys: [['x'.repeat(5000)]] }])).toEqual([{ r: 'ws_main.a' }])
  })
})

describe('a subscriber', () => {
  it('that does not read is cut back to one page', async () => {
    let revision = 0
    const subscriber = makeSubscriber(
      () => makePayload(`page ${revision}`),
      false,
      () => {},
    )
    const next = async () => (await subscriber.next()).value?.text
    expect(await next()).toBe('page 0')
    for (revision = 1; revision <= 30; revision++) subscriber.push(makePayload(`patch ${revision}`))
    revision = 30
    expect(await next()).toBe('page 30')
    subscriber.push(makePayload('patch 31'))
    expect(await next()).toBe('patch 31')
    subscriber.push(makePayload('x'.repeat(1e6)))
    expect(await next()).toBe('page 30')
    await subscriber.return!()
    expect((await subscriber.next()).done).toBe(true)
  })
})

describe('a result', () => {
  it('is written once for all who gave their subscription the same id', () => {
    const payload = makePayload('{"data":null}')
    expect(JSON.parse(String(payload.messageFor('a"1')))).toEqual({ id: 'a"1', type: 'next', payload: { data: null } })
    expect(payload.messageFor('1')).toBe(payload.messageFor('1'))
  })
})
