/**
 * Runs scratch.ts on a throw-away cluster. Called by db-commit.mjs and check.mjs.
 */
import { spawn } from 'node:child_process'
import { Problem } from '../postgres/problem.mjs'
import { startTestCluster } from '../postgres/test-cluster.mjs'

export async function inScratch(root, node, args, say) {
  const cluster = await startTestCluster(root, say)
  try {
    const code = await new Promise((resolve, reject) => {
      const env = { ...process.env, TIDEMARK_SCRATCH: JSON.stringify({ adminUrl: cluster.url(), programs: cluster.programs }) }
      spawn(node, ['scripts/migrate/scratch.ts', ...args], { cwd: root, stdio: 'inherit', env })
        .once('error', reject)
        .once('close', resolve)
    })
    if (code !== 0)
      throw new Problem(
        `the migrations could not be ${args[0] === 'commit' ? 'committed' : 'run'}.`,
        'mend what is said above; nothing was changed.',
      )
  } finally {
    await cluster.stop()
  }
}
