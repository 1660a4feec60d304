/**
 * The order of test files, for jest.config.mjs. Where nothing is known of earlier runs jest goes by the size of a file; those that
 * wait for real clocks, processes and browsers are longer than they look: begun first, they leave no core idle at the end.
 */
import Sequencer from '@jest/test-sequencer'

const LONG = ['e2e/accessibility', 'matviews/clocks', 'scripts/faults', 'scripts/start', 'server/rest/stream', 'security/attacks']

export default class extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const at = LONG.findIndex((name) => path.endsWith(`${name}.test.ts`))
      return at < 0 ? LONG.length : at
    }
    return super.sort(tests).sort((a, b) => (a.duration == null && b.duration == null ? rank(a) - rank(b) : 0))
  }
}
