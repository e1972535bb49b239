import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that mostly wait for outages and deadlines, minutes each: started last, one of them would keep a core idle at the end. */
const LONG = /\/(clock-skew|crash-points|process-ends|conformance|chaos-scenarios|faults|erasure|fuzz)\.test\.ts$/;

/** The long files first, the others in vitest's own order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => Number(LONG.test(b.moduleId)) - Number(LONG.test(a.moduleId)));
  }
}
