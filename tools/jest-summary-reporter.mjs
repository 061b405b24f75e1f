import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';

/** Leaves one small file per project with its counts and what failed, from which `npm test` adds up the whole. */
export default class SummaryReporter {
  #name;

  constructor(globalConfig) {
    this.#name = basename(globalConfig.rootDir);
  }

  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites } = results;
    const folder = resolve(import.meta.dirname, '../.jest-summary');
    mkdirSync(folder, { recursive: true });
    const failed = numFailedTests + (numFailedTests === 0 ? numFailedTestSuites : 0);
    writeFileSync(
      join(folder, `${this.#name}.json`),
      JSON.stringify({
        passed: numPassedTests,
        failed,
        skipped: numPendingTests,
        failures: failuresOf(results),
      }),
    );
  }
}

/** Each with the first line of why. */
function failuresOf({ testResults }) {
  return testResults.flatMap(({ testFilePath, testResults: tests, testExecError }) => {
    const file = relative(resolve(import.meta.dirname, '..'), testFilePath);
    const failed = tests.filter(({ status }) => status === 'failed');
    if (failed.length === 0 && testExecError) return [`${file}: ${firstLine(testExecError.message)}`];
    return failed.map(
      ({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstLine(failureMessages[0])}`,
    );
  });
}

function firstLine(text = '') {
  return text
    .replace(/\u001b\[[0-9;]*m/g, '')
    .trim()
    .split('\n')[0];
}
