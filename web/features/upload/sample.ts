// A file to try with: orders of a small harbour shop. Made here, so that it needs no download and is the same every time.
const GOODS: [string, number][] = [
  ['Rope, 10 m', 18.9],
  ['Lantern', 42],
  ['Tide table 2026', 12.5],
  ['Oilskin', 89.95],
  ['Brass compass', 129],
  ['Signal flags', 34.25],
  ['Mug', 9.5],
]
const PORTS = ['Bergen', 'Lisbon', 'Hamburg', 'Porto', 'Galway', 'Oslo', 'Split']
const STATES = ['paid', 'paid', 'paid', 'shipped', 'shipped', 'open', 'returned']

export function sampleFile(): File {
  let seed = 20260115
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return Math.floor((seed / 2147483648) * below)
  }
  const lines = ['order_id,ordered_at,port,item,quantity,unit_price,state,gift']
  for (let id = 1; id <= 500; id++) {
    const [item, price] = GOODS[random(GOODS.length)]!
    const at = new Date(Date.UTC(2026, 0, 1) + id * 5_400_000 + random(3_600_000))
    lines.push(
      [
        1000 + id,
        `${at.toISOString().slice(0, 19)}Z`,
        PORTS[random(PORTS.length)],
        item.includes(',') ? `"${item}"` : item,
        1 + random(6),
        price.toFixed(2),
        STATES[random(STATES.length)],
        random(5) === 0,
      ].join(','),
    )
  }
  return new File([`${lines.join('\n')}\n`], 'harbour_orders.csv', { type: 'text/csv' })
}
