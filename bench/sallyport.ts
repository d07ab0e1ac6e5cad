// The built program, as it is installed.

export const SALLYPORT: string = new URL(
  '../packages/sallyport/dist/bin/sallyport.js',
  import.meta.url,
).pathname;
