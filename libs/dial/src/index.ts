export { dial, type Agents, type DialOptions } from './dial.ts';
