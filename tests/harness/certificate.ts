// A certificate that signs itself, for names and addresses of a test.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Why there is none here, or false. */
export const certificateSkip = hasOpenssl() ? false : 'openssl is not installed';

/** @param names as openssl takes them: `DNS:localhost`, `IP:127.0.0.1` */
export function makeCertificate(folder: string, names: readonly string[]) {
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', '/CN=relay', '-addext', `subjectAltName=${names.join(',')}`];
  const files = ['-keyout', keyFile, '-out', certificateFile];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...curve, ...subject, ...files], {
    stdio: 'ignore',
  });
  return { keyFile, certificateFile };
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
