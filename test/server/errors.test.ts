/**
 * The one table of errors, from what was thrown to what a client is told.
 */
import { AppError, toResponse } from '../../server/errors.ts'

describe('an error becomes what a client is told', () => {
  it('a database that does not answer is the same sentence however it was noticed (TMDBN)', () => {
    for (const code of ['ECONNREFUSED', 'ECONNRESET', '08006', '57P01'])
      expect(toResponse(Object.assign(new Error('connect /secret/path'), { code }))).toMatchObject({
        status: 503,
        internal: true,
        body: { code: 'TMDBN', message: 'The database does not answer' },
      })
  })

  it('so is a connection that ended under a statement (TMDBN), a pool without a free one (TMCON), a full disk (TMFUL)', () => {
    const told = (error: Error) => toResponse(error).body.code

    expect(told(new Error('Connection terminated unexpectedly'))).toBe('TMDBN')
    expect(toResponse(new Error('timeout exceeded when trying to connect'))).toMatchObject({ status: 503, body: { code: 'TMCON' } })
    expect(toResponse(Object.assign(new Error('could not extend file "base/1/2"'), { code: '53100' }))).toMatchObject({
      status: 507,
      internal: false,
      body: { code: 'TMFUL', detail: null },
    })
  })

  it('what nobody foresaw tells nothing of the inside (TMOOP)', () => {
    const { status, body } = toResponse(new Error('relation "app_private.sessions" does not exist'))

    expect(status).toBe(500)
    expect(JSON.stringify(body)).not.toContain('sessions')
  })

  it('an error of ours keeps its message, and gets the hint of the table where it has none', () => {
    expect(toResponse(new AppError('TMSCH', 'No', { more: { position: 3 } })).body).toEqual({
      code: 'TMSCH',
      message: 'No',
      hint: expect.stringContaining('five cron fields'),
      detail: null,
      position: 3,
    })
  })
})
