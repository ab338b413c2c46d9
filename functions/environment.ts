/** The value of an environment variable that an arrow in pipeline.yaml sets. Throws if no arrow does. */
export function environment(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: does an arrow in pipeline.yaml tie this function to it?`);
  return value;
}
