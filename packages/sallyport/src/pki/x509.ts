/** The X.509 library. It needs its metadata polyfill loaded before it, which is why nobody imports it directly. */
import 'reflect-metadata';

export * from '@peculiar/x509';
