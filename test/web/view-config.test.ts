/** The address of a view: what a person arranged, readable, and read back as it was. */
import {
  fromSearch,
  moveColumn,
  placeColumns,
  readConfig,
  toSearch,
  withColumn,
  EMPTY,
  type ViewConfig,
} from '../../web/features/relations/view-config.ts'
import type { Column } from '../../web/shared/api/catalog.ts'

const column = (name: string, base = 'text'): Column => ({
  name,
  number: 1,
  type: base,
  base,
  nullable: true,
  hasDefault: false,
  generated: false,
  comment: null,
  values: null,
  field: name,
  graphqlType: 'String',
  asc: `${name}_ASC`,
  desc: `${name}_DESC`,
})
const COLUMNS = [column('id', 'bigint'), column('price', 'numeric'), column('name')]

describe('a view in the address', () => {
  const config: ViewConfig = {
    cols: [
      { name: 'price', w: 120, pin: 'left', fmt: { kind: 'currency', opt: { currency: 'EUR', decimals: 2 } } },
      { name: 'a,b;c~d', title: 'Odd, but allowed', hidden: true },
    ],
    sort: [
      { name: 'price', desc: true },
      { name: 'id', desc: false },
    ],
    filter: [
      { name: 'price', op: 'gt', value: '10' },
      { name: 'name', op: 'has', value: 'x~y,z&=ä' },
    ],
    density: 'compact',
  }

  it('is read back exactly as it was written, whatever is in names and values', () => {
    expect(fromSearch(toSearch(config), EMPTY)).toEqual(config)
  })

  it('is short and readable for ordinary names', () => {
    expect(toSearch({ ...config, cols: [config.cols[0]!], filter: [config.filter[0]!] })).toEqual({
      cols: 'price;w120;pl;fcurrency.currency=EUR.decimals=2',
      sort: '-price,id',
      f: 'price~gt~10',
      d: 'compact',
    })
  })

  it('leaves what it does not say to what is saved', () => {
    expect(fromSearch({ sort: 'id' }, config)).toEqual({ ...config, sort: [{ name: 'id', desc: false }] })
  })

  it('survives nonsense in the address and in the saved JSON', () => {
    expect(() => placeColumns(COLUMNS, fromSearch({ cols: ';;%,w;f', sort: ',,-', f: '~~~,%' }, EMPTY))).not.toThrow()
    expect(readConfig({ cols: 'x', sort: [1], filter: null })).toEqual(EMPTY)
  })
})

describe('the columns of a view', () => {
  it('a column that the view does not know comes last by itself', () => {
    expect(placeColumns(COLUMNS, { ...EMPTY, cols: [{ name: 'name' }, { name: 'gone' }] }).map(({ name }) => name)).toEqual([
      'name',
      'id',
      'price',
    ])
  })

  it('pinned columns come first', () => {
    expect(placeColumns(COLUMNS, { ...EMPTY, cols: [{ name: 'id' }, { name: 'price', pin: 'left' }] }).map(({ name }) => name)).toEqual([
      'price',
      'id',
      'name',
    ])
  })

  it('a change of one column keeps the others, a move says the whole order', () => {
    const all = placeColumns(COLUMNS, EMPTY)
    const wide = withColumn(EMPTY, all, 'price', { w: 200 })

    expect(wide.cols).toEqual([{ name: 'id' }, { name: 'price', w: 200 }, { name: 'name' }])
    expect(moveColumn(wide, all, 'price', null).cols).toEqual([{ name: 'id' }, { name: 'name' }, { name: 'price', w: 200 }])
  })

  it('numbers that name something have no thousands apart', () => {
    expect(
      placeColumns([column('order_id', 'integer'), column('amount', 'integer')], EMPTY).map(({ format }) => format.opt?.grouping),
    ).toEqual([false, undefined])
  })
})
