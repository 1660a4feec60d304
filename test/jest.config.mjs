/** Called by scripts/test.mjs, which brings the database. */
export default {
  rootDir: '..',
  roots: ['<rootDir>/test'],
  // Files run in Node as it is, one after the other in two processes: nothing is transformed, and what is loaded is loaded once.
  runner: ['jest-light-runner', { runtime: 'child_process' }],
  setupFilesAfterEnv: ['<rootDir>/test/support/limits.mjs'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testSequencer: '<rootDir>/test/sequencer.mjs',
  // Databases, browsers and servers share two cores: a slow test is named.
  slowTestThreshold: 15,
}
