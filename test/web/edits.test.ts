/**
 * What the web app does to rows by hand, over the API as any client may: editCells compares with what one saw, insertRows and
 * deleteRows are each other's inverse.
 */
import { startWorld, type World } from '../support/world.ts'

const EDIT = 'mutation($relation: String!, $edits: JSON!) { editCells(input: { relation: $relation, edits: $edits }) { result } }'
const DELETE = 'mutation($keys: JSON!) { deleteRows(input: { relation: "stock", keys: $keys }) { result } }'
const INSERT = 'mutation($rows: JSON!) { insertRows(input: { relation: "stock", rows: $rows }) { result } }'

describe('edits by hand', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld()
    await world.upload('stock', 'sku,item,amount\n1,Rope,10\n2,Lantern,4\n', { key: 'sku' })
    await world.db.sql('create table ws_main.keyless (a int); alter table ws_main.keyless owner to ws_main')
  }, 60_000)
  afterAll(() => world?.close())

  it('each cell is changed only if it still holds what was seen; the others are answered one by one', async () => {
    const edits = [
      { key: { sku: '1' }, column: 'amount', old: '10', new: '11' },
      { key: { sku: '2' }, column: 'amount', old: '5', new: '6' },
      { key: { sku: '9' }, column: 'amount', old: '5', new: '6' },
      { key: { sku: '1' }, column: 'amount', old: '11', new: 'many' },
      { key: { sku: '2' }, column: 'item', old: 'Lantern', new: null },
    ]

    const { editCells } = await world.graphql(EDIT, { relation: 'stock', edits })

    expect(editCells.result.applied).toBe(2)
    expect(editCells.result.problems).toMatchObject([
      { index: 1, kind: 'conflict', current: '4' },
      { index: 2, kind: 'gone' },
      { index: 3, kind: 'refused', code: '22P02' },
    ])
    expect(await world.db.sql('select * from ws_main.stock order by sku')).toEqual([
      { sku: 1, item: 'Rope', amount: 11 },
      { sku: 2, item: null, amount: 4 },
    ])
  })

  it('deleted rows come back as they were', async () => {
    const { deleteRows } = await world.graphql(DELETE, { keys: [{ sku: '1' }, { sku: '77' }] })
    expect(deleteRows.result).toEqual({ deleted: 1, rows: [{ sku: '1', item: 'Rope', amount: '11' }] })

    await world.graphql(INSERT, { rows: deleteRows.result.rows })
    expect(await world.db.sql('select * from ws_main.stock where sku = 1')).toEqual([{ sku: 1, item: 'Rope', amount: 11 }])
  })

  it('rows without a key cannot be told apart (TMKEY)', async () => {
    const edits = [{ key: {}, column: 'a', old: null, new: '1' }]

    await expect(world.graphql(EDIT, { relation: 'keyless', edits })).rejects.toMatchObject({ code: 'TMKEY' })
  })

  it('a table that is not there, or of the bookkeeping, is not there (TMNOF)', async () => {
    for (const relation of ['nope', '_live_changes'])
      await expect(world.graphql(EDIT, { relation, edits: [] })).rejects.toMatchObject({ code: 'TMNOF' })
  })

  it('a reader changes nothing (TMPER)', async () => {
    const reader = await world.token({ role: 'reader' })

    await expect(
      world.graphql(EDIT, { relation: 'stock', edits: [{ key: { sku: '1' }, column: 'amount', old: '11', new: '1' }] }, reader),
    ).rejects.toThrow()
    expect(await world.db.sql('select amount from ws_main.stock where sku = 1')).toEqual([{ amount: 11 }])
  })

  it('a view belongs to a person: a token of a machine saves none (TMPER)', async () => {
    await expect(world.graphql('mutation { saveView(input: { relation: "stock" }) { savedView { id } } }')).rejects.toMatchObject({
      code: 'TMPER',
    })
  })
})
