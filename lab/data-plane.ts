// Which ESP the present pass tests; set by run.ts.

export type LabDataPlane = 'kernel' | 'userspace';

/** Environment variable that carries it to the cases. */
export const DATA_PLANE_VARIABLE = 'SALLYPORT_LAB_DATA_PLANE';

/** The kernel's ESP where there is one, else strongSwan's own over a TUN device. */
export const dataPlane: LabDataPlane =
  process.env[DATA_PLANE_VARIABLE] === 'userspace' ? 'userspace' : 'kernel';
