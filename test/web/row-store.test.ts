/** The rows of a grid: blocks open and close with the window, patches keep what did not change, nobody's place is lost. */
import { RowStore, type Row, type Sink } from '../../web/features/relations/row-store.ts'
import { parseBlock } from '../../web/features/relations/clipboard.ts'
import { HeightCap } from '../../web/features/relations/height-cap.ts'

const row = (id: number, more: object = {}): Row => ({ nodeId: `n${id}`, id, ...more })
const wait = (ms: number) => new Promise((done) => setTimeout(done, ms))

function open() {
  const blocks = new Map<number, Sink>()
  const closed: number[] = []
  const frames: (() => void)[] = []
  const store = new RowStore(
    (first, _count, sink) => {
      blocks.set(first, sink)
      return () => {
        blocks.delete(first)
        closed.push(first)
      }
    },
    { block: 10, keep: 3, throttle: 1, overscan: 0, frame: (run) => frames.push(run) },
  )
  const frame = () => frames.splice(0).forEach((run) => run())
  return { store, blocks, closed, frame }
}

describe('the row store', () => {
  it('opens the blocks of the window and closes those that leave it, keeping their rows', async () => {
    const { store, blocks, closed } = open()
    store.setCount(100)
    store.setWindow(5, 15, 5)
    await wait(5)
    expect([...blocks.keys()]).toEqual([0, 10])

    blocks.get(0)!.page([row(0), row(1)])
    store.setWindow(30, 35, 30)
    await wait(5)

    expect([...blocks.keys()]).toEqual([30])
    expect(closed.sort((a, b) => a - b)).toEqual([0, 10])
    expect(store.get(1)?.id).toBe(1)
    store.close()
  })

  it('tells once per frame, and moves the versions of the changed rows only', async () => {
    const { store, blocks, frame } = open()
    store.setCount(10)
    store.setWindow(0, 10, 0)
    await wait(5)
    blocks.get(0)!.page([row(0), row(1), row(2)])
    frame()
    let told = 0
    store.subscribe(() => told++)
    const before = [0, 1, 2].map(store.version)

    blocks.get(0)!.patch({ removes: [], upserts: [{ index: 1, node: row(1, { name: 'a' }) }] })
    blocks.get(0)!.patch({ removes: [], upserts: [{ index: 1, node: row(1, { name: 'b' }) }] })
    frame()

    expect(told).toBe(1)
    expect([0, 1, 2].map((index) => store.version(index) !== before[index])).toEqual([false, true, false])
    expect([...store.flashesOf('n1')!.keys()]).toEqual(['name'])
    store.close()
  })

  it('shows rows that came on a quicker way until the first page, and never after it', async () => {
    const { store, blocks } = open()
    store.setCount(100)
    store.setWindow(90, 100, 90)
    await wait(5)

    blocks.get(90)!.early([row(1), row(2)])
    expect(store.get(91)?.id).toBe(2)
    blocks.get(90)!.page([row(3)])
    blocks.get(90)!.early([row(1), row(2)])

    expect([store.get(90)?.id, store.get(91)]).toEqual([3, undefined])
    store.close()
  })

  it('a row that comes in above moves the window, not the person; at the very top nothing moves', async () => {
    const { store, blocks } = open()
    store.setCount(10)
    store.setWindow(2, 8, 2)
    await wait(5)
    blocks.get(0)!.page([row(1), row(2), row(3), row(4)])
    const shifts: number[] = []
    store.onShift = (rows) => shifts.push(rows)

    blocks.get(0)!.patch({ removes: [], upserts: [{ index: 0, node: row(0) }] })
    expect(shifts).toEqual([1])
    store.setWindow(0, 6, 0)
    blocks.get(0)!.patch({ removes: ['n0'], upserts: [] })

    expect(shifts).toEqual([1])
    store.close()
  })

  it('rows that are counted in above a window far down move it by what came', async () => {
    const { store, blocks } = open()
    store.setCount(40)
    store.setWindow(25, 29, 25)
    await wait(5)
    blocks.get(20)!.page(Array.from({ length: 10 }, (_, k) => row(20 + k)))
    const shifts: number[] = []
    store.onShift = (rows) => shifts.push(rows)

    blocks.get(20)!.patch({
      removes: ['n29', 'n28'],
      upserts: [
        { index: 0, node: row(18) },
        { index: 1, node: row(19) },
      ],
    })

    expect(shifts).toEqual([2])
    store.close()
  })

  it('what is known to be stored is shown, and later patches of other rows do not take it back', async () => {
    const { store, blocks } = open()
    store.setCount(2)
    store.setWindow(0, 2, 0)
    await wait(5)
    blocks.get(0)!.page([row(0, { name: 'old' }), row(1)])

    store.setLocal('n0', 'name', 'new')
    blocks.get(0)!.patch({ removes: [], upserts: [{ index: 1, node: row(1, { name: 'x' }) }] })

    expect(store.get(0)?.name).toBe('new')
    store.close()
  })
})

describe('the height cap', () => {
  it.each([320, 3_200_000, 32_000_000, 3_200_000_000])('a list of %d px: steps are exact, the ends are reached', (total) => {
    const cap = new HeightCap(total, 300)
    const element = { scrollTop: 0 }
    const top = () => cap.top
    cap.onScroll(element, () => {})
    element.scrollTop = Math.min(20, cap.physical - 300)
    cap.onScroll(element, () => {})
    expect(top()).toBe(Math.min(20, total - 300))

    element.scrollTop = cap.physical - 300
    cap.onScroll(element, () => {})
    expect(top()).toBe(total - 300)
    cap.dispose()
  })
})

describe('a pasted block', () => {
  it('is read as a spreadsheet writes it: tabs, quoted cells, a last empty line', () => {
    expect(parseBlock('a\tb\r\n"x\ty"\t"say ""hi""\nthere"\n')).toEqual([
      ['a', 'b'],
      ['x\ty', 'say "hi"\nthere'],
    ])
  })
})
