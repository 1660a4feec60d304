/** Called by scripts/test.mjs, which brings the database. */
export default {
  rootDir: '..',
  roots: ['<rootDir>/test'],
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.cjs' },
  testTimeout: 60_000,
  // A worker that runs file after file grows to gigabytes (each has its own copy of every module).
  workerIdleMemoryLimit: '800MB',
  testSequencer: '<rootDir>/test/sequencer.mjs',
  // Databases, browsers and servers share two cores: a slow test is named.
  slowTestThreshold: 15,
}
