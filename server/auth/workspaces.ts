/**
 * Workspaces that come and go. Called by the routes and by createToken. What needs a role made or dropped takes two
 * transactions (a role of the same transaction does not exist yet on other nodes, and a half-made workspace must be
 * repaired by trying again); everything else about workspaces is a function of app_public.
 */
import type { Pool } from 'pg'
import { rolePassword } from '../db.ts'
import { AppError } from '../errors.ts'
import { finishWorkspace } from './provision.ts'
import { asOwner } from './transaction.ts'

export interface Workspaces {
  /** Makes the workspace unless it is there. Safe when two do it at once, and when an earlier try stopped half-way. */
  ensure(id: string, name: string): Promise<void>
  /** Ends what a server that died in the middle has begun: half-made workspaces, half-dropped ones. @returns their ids */
  mend(): Promise<string[]>
  /** @throws AppError TMEXI, TMNAM, TMRAT (too many of one's own). */
  create(accountId: string, id: string, name: string): Promise<void>
  /** Everything in it is gone for ever. @throws AppError TMNOF, TMPER. */
  drop(accountId: string, id: string): Promise<void>
  /** Out of the archive. From inside all are readers, so this asks the membership itself. @throws AppError TMNOF, TMPER. */
  restore(accountId: string, id: string): Promise<void>
  /** @throws AppError TMNOF for who is no member, TMPER for who is no owner. */
  assertOwner(accountId: string, id: string): Promise<void>
}

/** Workspaces, and whether the second transaction of their making was done. A schema that is not there was not ours to make. */
const MADE = `select id, coalesce(has_schema_privilege(to_regrole('ws_' || id || '_reader'), to_regnamespace('ws_' || id), 'usage'), true) as finished
                from app_public.workspaces`

export function makeWorkspaces({ owner, secret, overTcp }: { owner: Pool; secret: string; overTcp: boolean }): Workspaces {
  const password = (id: string) => (overTcp ? rolePassword(secret, `ws_${id}`) : null)

  async function finish(id: string) {
    const client = await owner.connect()
    try {
      await finishWorkspace(client, id)
    } finally {
      client.release()
    }
  }

  async function assertOwner(accountId: string, id: string) {
    const { rows } = await owner.query('select role::text from app_public.members where account_id = $1 and workspace = $2', [
      accountId,
      id,
    ])
    if (!rows[0]) throw new AppError('TMNOF', `There is no workspace "${id.slice(0, 40)}"`)
    if (rows[0].role !== 'owner') throw new AppError('TMPER', 'Only an owner of the workspace may do this')
  }

  return {
    assertOwner,
    async ensure(id, name) {
      const { rows } = await owner.query(`${MADE} where id = $1`, [id])
      if (rows[0]?.finished) return
      if (!rows[0])
        await owner.query('select app_private.create_workspace($1, $2, $3)', [id, name, password(id)]).catch((error) => {
          if (!['TMEXI', '23505', '42710', '42P06'].includes(error.code)) throw error // somebody else was quicker
        })
      await finish(id)
    },
    async mend() {
      const { rows } = await owner.query('select finish_drops as id from app_private.finish_drops()')
      const { rows: made } = await owner.query(MADE)
      const half = made.filter(({ finished }) => !finished)
      for (const { id } of half)
        await finish(id).catch((error) => {
          if (error.code !== '22023') throw error // dropped by somebody in this moment: its role is no more
        })
      return [...rows, ...half].map(({ id }) => id)
    },
    async create(accountId, id, name) {
      if (!/^[a-z][a-z0-9]{0,30}$/.test(id))
        throw new AppError('TMNAM', 'A workspace id is 1 to 31 small letters and digits and begins with a letter', {
          hint: 'Its name may be anything; the id names schema and role.',
        })
      await asOwner(owner, accountId, async (client) => {
        await client.query('select pg_advisory_xact_lock(7468, $1)', [Number(BigInt(accountId) % 2147483647n)])
        const { rows } = await client.query(
          `select (select max_workspaces_per_account from app_private.settings) as most,
                  (select count(*)::int from app_public.members m where m.account_id = $1 and m.role = 'owner') as own`,
          [accountId],
        )
        if (rows[0].own >= rows[0].most)
          throw new AppError('TMRAT', `You own ${rows[0].own} workspaces; the operator allows no more`, {
            hint: 'Drop one, or ask the operator.',
          })
        // One answer for a taken id, whoever has it: ids name roles of the cluster, so they cannot be hidden from who wants the same.
        await client.query('select app_private.create_workspace($1, $2, $3)', [id, name.trim() || id, password(id)]).catch((error) => {
          if (['TMEXI', '23505', '42710', '42P06'].includes(error.code))
            throw new AppError('TMEXI', 'This id is taken', { hint: 'Choose another.' })
          throw error
        })
        await client.query(`insert into app_public.members (workspace, account_id, role) values ($1, $2, 'owner')`, [id, accountId])
      })
      await finish(id)
    },
    async drop(accountId, id) {
      await assertOwner(accountId, id)
      await asOwner(owner, accountId, (client) => client.query('select app_private.drop_workspace($1)', [id]))
      await owner.query('select app_private.finish_drops()')
    },
    async restore(accountId, id) {
      await assertOwner(accountId, id)
      await asOwner(owner, accountId, (client) => client.query('update app_public.workspaces set archived_at = null where id = $1', [id]))
    },
  }
}

/** Whether roles log in over TCP, with a password derived from the secret (see db.ts). */
export const reachedOverTcp = (databaseUrl: string): boolean => new URL(databaseUrl).hostname !== ''
