// `*.slow.spec.ts` take minutes: `npm run test:slow` runs them, and nothing else.
const slowOnly = process.env.SIGSTEAD_TESTS === 'slow';

export const preset = {
  testMatch: [slowOnly ? '**/*.slow.spec.ts' : '**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...(slowOnly ? [] : ['\\.slow\\.spec\\.ts$'])],
  reporters: ['default', `${import.meta.dirname}/tools/jest-summary-reporter.mjs`],
  testEnvironment: 'node',
  // Real servers, databases and keys on machines that others share: a hang is still found, slowness is none.
  testTimeout: 30_000,
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironmentOptions: { customExportConditions: ['@sigstead/source', 'node', 'node-addons'] },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2022',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
      },
    ],
  },
};
