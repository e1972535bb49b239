/** A fault of one kind, measured. */
export type ScenarioReport = { passed: boolean } & Record<string, number | boolean | string>;
export type Scenario = (say: (line: string) => void) => Promise<ScenarioReport>;
