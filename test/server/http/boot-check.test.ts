/**
 * What a server says and refuses at its start: an old PostgreSQL, a database that is not closed.
 */
import { openDb } from '../../../server/db.ts'
import { bootCheck, unpatched, wayOut } from '../../../server/http/boot-check.ts'
import { makeLog } from '../../../server/log.ts'
import { createTestDatabase } from '../../support/database.ts'

describe('a PostgreSQL with known holes', () => {
  it.each([
    [140030, '15.20'],
    [150019, '15.20'],
    [150020, null],
    [160015, '16.16'],
    [170012, null],
    [180001, '18.6'],
    [190000, null],
  ])('%d needs %s', (version, better) => {
    expect(unpatched(version)).toBe(better)
  })

  it('is told of where the server was started, with both ways out (TMVER)', () => {
    const said = wayOut('18.4', '18.6')

    expect(said).toMatch(/PostgreSQL 18\.4 has known holes/)
    expect(said).toMatch(/DATABASE_URL=.* 18\.6 or newer/)
    expect(said).toMatch(/ALLOW_UNPATCHED_POSTGRES=1/)
  })

  it('runs no SQL of people when a workspace may call what it must not, unless the operator insists (TMVER)', async () => {
    const database = await createTestDatabase()
    const log = makeLog('silent')
    const { owner, close } = openDb({ databaseUrl: database.url, secret: database.secret, poolSize: 1 }, log)
    try {
      const check = (allowUnpatched: boolean) => bootCheck({ owner, allowUnpatched, log })
      expect((await check(false)).allowed).not.toThrow()
      await database.sql('grant execute on function pg_catalog.set_config(text, text, boolean) to public')

      const refused = await check(false)

      expect(refused.findings.join()).toContain('dangerous built-in')
      expect(refused.advice).toMatch(/not hardened.*superuser/s)
      expect(refused.allowed).toThrow(expect.objectContaining({ code: 'TMVER' }))
      expect((await check(true)).allowed).not.toThrow()
    } finally {
      await close()
      await database.drop()
    }
  })
})
