import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

/** Leaves one small file per project with its counts, from which `npm test` adds up the whole. */
export default class SummaryReporter {
  #name;

  constructor(globalConfig) {
    this.#name = basename(globalConfig.rootDir);
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites }) {
    const folder = resolve(import.meta.dirname, '../.jest-summary');
    mkdirSync(folder, { recursive: true });
    const failed = numFailedTests + (numFailedTests === 0 ? numFailedTestSuites : 0);
    writeFileSync(
      join(folder, `${this.#name}.json`),
      JSON.stringify({ passed: numPassedTests, failed, skipped: numPendingTests }),
    );
  }
}
