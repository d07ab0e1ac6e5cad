/** Runs steps of which each is to be tried, whatever became of the others; returns what they threw. */
export async function failuresOf(steps: readonly (() => Promise<void>)[]): Promise<unknown[]> {
  const faults: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      faults.push(error);
    }
  }
  return faults;
}
