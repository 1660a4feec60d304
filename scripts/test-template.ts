/**
 * Makes the template that every test database is a clone of. Called by test.mjs once per run, with the cluster in
 * TIDEMARK_TEST_CLUSTER. Writes the database `tidemark_template`, prepared from committed and current migrations.
 */
import pg from 'pg'
import { testCluster, TEMPLATE, TEST_SECRET } from '../test/support/cluster.ts'
import { prepareDatabase } from './migrate.ts'
import { report } from './postgres/problem.mjs'

const cluster = testCluster()
const admin = new pg.Client({ connectionString: cluster.adminUrl })
try {
  await admin.connect()
  await admin.query(`create database ${TEMPLATE}`)
  await prepareDatabase({
    adminUrl: cluster.url('postgres', TEMPLATE),
    secret: TEST_SECRET,
    includeCurrent: true,
    migrationsFolder: process.env.TIDEMARK_MIGRATIONS,
  })
  // The migration library closes its connections a moment later; a clone needs the template to itself.
  for (;;) {
    const { rowCount } = await admin.query('select from pg_stat_activity where datname = $1', [TEMPLATE])
    if (rowCount === 0) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await admin.query(`alter database ${TEMPLATE} is_template true allow_connections false`)
} catch (error) {
  report(error)
  process.exitCode = 1
} finally {
  await admin.end()
}
