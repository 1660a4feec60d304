/**
 * The order of test files, for jest.config.mjs: as jest has it (by what it knows of earlier runs, else by size), but those first that
 * wait for real clocks, processes and browsers. They are longer than they look; begun last, they leave a core idle at the end.
 */
import Sequencer from '@jest/test-sequencer'

const LONG = /(e2e\/accessibility|matviews\/clocks|scripts\/(faults|start)|rest\/stream|security\/attacks)\.test\.ts$/

export default class extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests)
    return [...sorted.filter(({ path }) => LONG.test(path)), ...sorted.filter(({ path }) => !LONG.test(path))]
  }
}
