/** The LISTEN connection while the database is away. */
import { untilConnected } from '../../../server/events/listener.ts'

it('asks for its connection at least twice a second, however long the database is away', async () => {
  const tries: number[] = []
  const connected = await untilConnected(
    async () => {
      tries.push(performance.now())
      if (tries.length < 8) throw new Error('connect ECONNREFUSED')
      return 'connected'
    },
    () => false,
  )

  const waits = tries.slice(1).map((at, i) => at - tries[i]!)
  expect(connected).toBe('connected')
  expect(waits[0]).toBeLessThan(250)
  expect(Math.max(...waits)).toBeLessThan(1000)
})

it('asks no more when the server ends', async () => {
  let tries = 0
  let ending = false
  void untilConnected(
    async () => {
      tries++
      ending = true
      throw new Error('connect ECONNREFUSED')
    },
    () => ending,
  )
  await new Promise((resolve) => setTimeout(resolve, 200))

  expect(tries).toBe(1)
})
