/**
 * The faults that need aiming at nothing, each by its name on the command line. Called by faults.ts with a running world, which
 * they leave as they found it.
 */
import { clockSteps, exhaustedPool } from './server-faults.ts'
import { tableDropped } from './dropped.ts'
import { diskFull } from './disk.ts'
import { bomb, longLine, mutatedFiles, stalledUpload } from './upload-faults.ts'
import { slowReaders } from './slow-readers.ts'
import type { World } from './world.ts'

export interface Options {
  seed: number
  quick: boolean
  mutations: number
}
export interface Verdict {
  /** What was promised and did not hold. */
  broken: string[]
  said: string
  /** Why it could not be tried. */
  skipped?: string
}
export type Fault = { title: string; run(world: World, options: Options): Promise<Verdict> }

export const SINGLES: Record<string, Fault> = {
  exhausted: { title: 'connection pool exhausted', run: exhaustedPool },
  stalled: { title: 'slow and stalled uploads', run: stalledUpload },
  readers: { title: 'clients that never read', run: slowReaders },
  line: { title: 'a file that is one line', run: longLine },
  bomb: { title: 'decompression bomb', run: bomb },
  mutations: { title: 'mutated CSV files', run: mutatedFiles },
  clock: { title: 'clock steps', run: clockSteps },
  dropped: { title: 'base table dropped while its view refreshes', run: tableDropped },
  disk: { title: 'disk full', run: diskFull },
}
